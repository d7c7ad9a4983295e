/** The hire itself, in order: store the file and the request, allow the escrow, lock the pay, find the job. */
import { useState } from 'react';
import { approveCall, hireCall } from '../../chain/calls';
import { type Described, describeError } from '../../chain/errors';
import { jobMadeIn } from '../../chain/job-reads';
import { readPurse } from '../../chain/money';
import { readChainTime } from '../../chain/policy';
import { useSend } from '../../chain/use-send';
import type { ApiListing, StoredFile } from '../../lib/api';
import type { Json } from '../../lib/canonical';
import { type Address, newestGeneration } from '../../lib/deployment';
import type { JobName } from '../../lib/job-name';
import { requireNewest } from './newest';
import { type HireInput, requestDocument, storeInput, storeRequest } from './request';

export type HirePhase = 'idle' | 'storing' | 'approving' | 'hiring';
export type Order = {
  listing: ApiListing;
  tailSeconds: number;
  input: HireInput;
  settings: Record<string, Json>;
  note: string;
};

export function useHire(onHired: (job: JobName) => void) {
  const [phase, setPhase] = useState<HirePhase>('idle');
  const [fault, setFault] = useState<Described>();
  const [kept, setKept] = useState<{ sha256: string; stored: StoredFile }>();
  const approval = useSend();
  const hiring = useSend();

  /** Stored once per file: a second try after a rejected signature does not upload again. */
  const keepInput = async (input: HireInput): Promise<StoredFile> => {
    if (kept?.sha256 === input.sha256) return kept.stored;
    const stored = await storeInput(input);
    setKept({ sha256: input.sha256, stored });
    return stored;
  };

  const steps = async (account: Address, order: Order): Promise<void> => {
    const { listing, input, settings, note } = order;
    const budget = BigInt(listing.price);
    setPhase('storing');
    const stored = await keepInput(input);
    const cid = await storeRequest(
      requestDocument({
        service: listing.service_type,
        listingId: listing.listing_id,
        stored,
        settings,
        note: note.trim(),
      }),
    );
    await requireNewest();
    const purse = await readPurse(account, newestGeneration());
    if (purse.allowance < budget) {
      setPhase('approving');
      const approved = await approval.run(account, approveCall(budget));
      if (approved.stage !== 'confirmed') return;
    }
    setPhase('hiring');
    const expiredAt = (await readChainTime()) + BigInt(listing.work_seconds + order.tailSeconds);
    // The approval takes a signature and a block, and the market may have moved in that time.
    await requireNewest();
    const end = await hiring.run(
      account,
      hireCall({
        provider: listing.wallet,
        policyId: listing.policy_id,
        budget,
        expiredAt,
        agentId: BigInt(listing.agent_id),
        listingId: BigInt(listing.listing_id),
        description: `ipfs://${cid}`,
      }),
    );
    if (end.stage !== 'confirmed') return;
    const job = jobMadeIn(end.receipt.logs);
    if (job) onHired(job);
  };

  const start = async (account: Address, order: Order): Promise<void> => {
    setFault(undefined);
    approval.reset();
    hiring.reset();
    try {
      await steps(account, order);
    } catch (error) {
      setFault(describeError(error));
    } finally {
      setPhase('idle');
    }
  };

  const active = hiring.state.stage === 'idle' ? approval : hiring;
  const dismiss = () => {
    setFault(undefined);
    approval.reset();
    hiring.reset();
  };
  return { phase, fault, state: active.state, isBusy: phase !== 'idle', start, dismiss };
}
