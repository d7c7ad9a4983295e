/**
 * The one way a transaction leaves this page: simulate, ask for the signature, follow to an end.
 *
 * Ends are confirmed, reverted, replaced, cancelled, rejected (in the wallet) and refused (by the simulation);
 * `slow` is not an end but says that it takes long. What was sent is recorded before anything is awaited, so a
 * reload picks it up again.
 */
import { type Abi, BaseError, encodeFunctionData, type TransactionReceipt } from 'viem';
import { getBlockNumber, getTransactionCount } from 'viem/actions';
import { simulateContract, writeContract } from 'wagmi/actions';
import type { Address, Generation, Hex, Token } from '../lib/deployment';
import type { JobName } from '../lib/job-name';
import { chainNow } from '../lib/live';
import {
  addTransaction,
  isOfMarket,
  type TxKind,
  transactionStore,
  updateTransaction,
} from '../lib/transactions';
import { chain, config, node } from './config';
import { contractErrors, type Described, describeError } from './errors';
import { jobMadeIn } from './job-reads';
import { watchSent } from './watch';

export type Call = {
  kind: TxKind;
  /** Whose contracts it goes to. */
  generation: Generation;
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  job?: JobName;
  amount?: bigint;
};

export type SendState =
  | { stage: 'idle' }
  | { stage: 'checking' }
  | { stage: 'signing' }
  | { stage: 'pending' | 'slow'; hash: Hex }
  | { stage: 'confirmed'; hash: Hex; receipt: TransactionReceipt }
  | { stage: 'reverted'; hash: Hex; error: Described }
  | { stage: 'replaced' | 'cancelled'; hash: Hex }
  | { stage: 'rejected'; error: Described }
  | { stage: 'refused'; error: Described };

export type SendEnd = Exclude<SendState, { stage: 'idle' | 'checking' | 'signing' | 'pending' | 'slow' }>;

type FullCall = Pick<Call, 'address' | 'abi' | 'functionName' | 'args'> & {
  account: Address;
  chainId: number;
};

const SLOW_AFTER_MS = 45_000;

export async function send(
  account: Address,
  call: Call,
  onState: (state: SendState) => void,
): Promise<SendEnd> {
  const finish = (end: SendEnd): SendEnd => {
    onState(end);
    return end;
  };
  const full: FullCall = {
    address: call.address,
    abi: [...call.abi.filter((item) => item.type !== 'error'), ...contractErrors] as Abi,
    functionName: call.functionName,
    args: call.args,
    account,
    chainId: chain.id,
  };
  const { token } = call.generation;
  onState({ stage: 'checking' });
  try {
    await simulateContract(config, full);
  } catch (error) {
    return finish({ stage: 'refused', error: describeError(error, token) });
  }
  onState({ stage: 'signing' });
  let hash: Hex;
  let before: Before;
  try {
    before = await readBefore(account);
    hash = await writeContract(config, full);
  } catch (error) {
    const described = describeError(error, token);
    return finish({ stage: described.kind === 'rejected' ? 'rejected' : 'refused', error: described });
  }
  addTransaction({
    hash,
    kind: call.kind,
    from: account,
    to: call.address,
    data: encodeFunctionData({ abi: call.abi, functionName: call.functionName, args: [...call.args] }),
    ...before,
    chainId: chain.id,
    escrow: call.generation.contracts.JobEscrow,
    state: 'pending',
    sentAt: chainNow(),
    ...(call.job ? { jobId: String(call.job.id) } : {}),
    ...(call.amount === undefined ? {} : { amount: call.amount.toString() }),
  });
  onState({ stage: 'pending', hash });
  const slow = setTimeout(() => onState({ stage: 'slow', hash }), SLOW_AFTER_MS);
  try {
    const end = await follow(hash);
    if (end.stage === 'reverted') end.error = await reasonOf(full, token, end.block);
    return finish(withoutBlock(end));
  } finally {
    clearTimeout(slow);
  }
}

type Before = { nonce: number; sinceBlock: number };

/** What a later look needs to tell that something else took the place: the nonce to expect, and from which block. */
async function readBefore(account: Address): Promise<Before> {
  const [nonce, block] = await Promise.all([
    getTransactionCount(node(), { address: account, blockTag: 'pending' }),
    getBlockNumber(node(), { cacheTime: 0 }),
  ]);
  return { nonce, sinceBlock: Number(block) };
}

type Followed = SendEnd & { block?: bigint };
const following = new Map<Hex, Promise<Followed>>();

/** Waits for the end of a sent transaction and writes it into the record. Safe to call twice for one hash. */
export function follow(hash: Hex): Promise<Followed> {
  const known = following.get(hash);
  if (known) return known;
  const run = watch(hash).finally(() => following.delete(hash));
  following.set(hash, run);
  return run;
}

/** After a reload: every transaction that had no end yet is followed again. */
export function resumePending(): void {
  for (const record of transactionStore.get())
    if (record.state === 'pending' && isOfMarket(record)) void follow(record.hash).catch(() => undefined);
}

async function watch(hash: Hex): Promise<Followed> {
  const record = transactionStore.get().find((item) => item.hash === hash);
  if (!record) throw new Error(`No record of ${hash}.`);
  const outcome = await watchSent(
    node(),
    { ...record, nonce: record.nonce },
    config.getClient().pollingInterval,
    (nonce) => updateTransaction(hash, { nonce }),
  );
  if (outcome.kind !== 'mined') {
    const { kind, by, block } = outcome;
    updateTransaction(hash, {
      state: kind,
      ...(by ? { replacedBy: by } : {}),
      ...(block === undefined ? {} : { block }),
    });
    return { stage: kind, hash: by ?? hash };
  }
  const { receipt } = outcome;
  const mined = {
    block: Number(receipt.blockNumber),
    ...(receipt.transactionHash === hash ? {} : { replacedBy: receipt.transactionHash }),
  };
  if (receipt.status === 'reverted') {
    updateTransaction(hash, { state: 'reverted', ...mined });
    return {
      stage: 'reverted',
      hash: receipt.transactionHash,
      error: describeError(undefined),
      block: receipt.blockNumber,
    };
  }
  const made = jobMadeIn(receipt.logs);
  updateTransaction(hash, { state: 'confirmed', ...mined, ...(made ? { jobId: String(made.id) } : {}) });
  return { stage: 'confirmed', hash: receipt.transactionHash, receipt };
}

/** Why a mined transaction reverted: the same call at the block before it, decoded. */
async function reasonOf(full: FullCall, token: Token, block: bigint | undefined): Promise<Described> {
  try {
    await simulateContract(config, block ? { ...full, blockNumber: block - 1n } : full);
  } catch (error) {
    if (error instanceof BaseError) return describeError(error, token);
  }
  return describeError(new Error(''));
}

function withoutBlock({ block: _, ...end }: Followed): SendEnd {
  return end as SendEnd;
}
