/**
 * The one way a transaction leaves this page: simulate, ask for the signature, follow to an end.
 *
 * Ends are confirmed, reverted, replaced, cancelled, rejected (in the wallet) and refused (by the simulation);
 * `slow` is not an end but says that it takes long. What was sent is recorded before anything is awaited, so a
 * reload picks it up again.
 */
import { type Abi, BaseError, type TransactionReceipt, TransactionReceiptNotFoundError } from 'viem';
import {
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
  waitForTransactionReceipt,
} from 'viem/actions';
import { simulateContract, writeContract } from 'wagmi/actions';
import { type Address, getDeployment, type Hex } from '../lib/deployment';
import { chainNow } from '../lib/live';
import {
  addTransaction,
  type TxKind,
  type TxRecord,
  transactionStore,
  updateTransaction,
} from '../lib/transactions';
import { chain, config, node } from './config';
import { contractErrors, type Described, describeError } from './errors';
import { jobIdOf } from './job-reads';

export type Call = {
  kind: TxKind;
  address: Address;
  abi: Abi;
  functionName: string;
  args: readonly unknown[];
  jobId?: string;
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
  onState({ stage: 'checking' });
  try {
    await simulateContract(config, full);
  } catch (error) {
    return finish({ stage: 'refused', error: describeError(error) });
  }
  onState({ stage: 'signing' });
  let hash: Hex;
  try {
    hash = await writeContract(config, full);
  } catch (error) {
    const described = describeError(error);
    return finish({ stage: described.kind === 'rejected' ? 'rejected' : 'refused', error: described });
  }
  addTransaction({
    hash,
    kind: call.kind,
    from: account,
    chainId: chain.id,
    escrow: getDeployment().contracts.JobEscrow,
    state: 'pending',
    sentAt: chainNow(),
    ...(call.jobId ? { jobId: call.jobId } : {}),
    ...(call.amount === undefined ? {} : { amount: call.amount.toString() }),
  });
  onState({ stage: 'pending', hash });
  const slow = setTimeout(() => onState({ stage: 'slow', hash }), SLOW_AFTER_MS);
  try {
    const end = await follow(hash);
    if (end.stage === 'reverted') end.error = await reasonOf(full, end.block);
    return finish(withoutBlock(end));
  } finally {
    clearTimeout(slow);
  }
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
  const { JobEscrow } = getDeployment().contracts;
  for (const record of transactionStore.get())
    if (record.state === 'pending' && record.chainId === chain.id && record.escrow === JobEscrow)
      void follow(record.hash).catch(() => undefined);
}

async function watch(hash: Hex): Promise<Followed> {
  await rememberNonce(hash);
  const gone = await replacedWhileAway(hash);
  if (gone) return gone;
  let replaced: { reason: 'cancelled' | 'replaced' | 'repriced'; by: Hex } | undefined;
  const receipt = await waitForTransactionReceipt(node(), {
    hash,
    timeout: 0,
    onReplaced: ({ reason, transaction }) => {
      replaced = { reason, by: transaction.hash };
    },
  });
  const block = Number(receipt.blockNumber);
  if (replaced && replaced.reason !== 'repriced') {
    updateTransaction(hash, { state: replaced.reason, block, replacedBy: replaced.by });
    return { stage: replaced.reason, hash: replaced.by };
  }
  const by = replaced ? { replacedBy: replaced.by } : {};
  if (receipt.status === 'reverted') {
    updateTransaction(hash, { state: 'reverted', block, ...by });
    return {
      stage: 'reverted',
      hash: receipt.transactionHash,
      error: describeError(undefined),
      block: receipt.blockNumber,
    };
  }
  const made = jobIdOf(receipt.logs);
  updateTransaction(hash, { state: 'confirmed', block, ...by, ...(made ? { jobId: made } : {}) });
  return { stage: 'confirmed', hash: receipt.transactionHash, receipt };
}

async function rememberNonce(hash: Hex): Promise<void> {
  try {
    const { nonce } = await getTransaction(node(), { hash });
    updateTransaction(hash, { nonce });
  } catch {
    // Not known to the node (yet): the wallet may still be sending it, or another has taken its place.
  }
}

/** A sender whose nonce has moved on without this hash: something else was mined in its place. */
async function replacedWhileAway(hash: Hex): Promise<Followed | undefined> {
  const record: TxRecord | undefined = transactionStore.get().find((item) => item.hash === hash);
  if (record?.nonce === undefined) return undefined;
  const mined = await getTransactionCount(node(), { address: record.from, blockTag: 'latest' });
  if (mined <= record.nonce) return undefined;
  try {
    await getTransactionReceipt(node(), { hash });
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionReceiptNotFoundError)) throw error;
    updateTransaction(hash, { state: 'replaced' });
    return { stage: 'replaced', hash };
  }
}

/** Why a mined transaction reverted: the same call at the block before it, decoded. */
async function reasonOf(full: FullCall, block: bigint | undefined): Promise<Described> {
  try {
    await simulateContract(config, block ? { ...full, blockNumber: block - 1n } : full);
  } catch (error) {
    if (error instanceof BaseError) return describeError(error);
  }
  return describeError(new Error(''));
}

function withoutBlock({ block: _, ...end }: Followed): SendEnd {
  return end as SendEnd;
}
