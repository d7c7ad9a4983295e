/**
 * What this browser has sent: every transaction with its end, kept across reloads and shared between tabs.
 * Holds records only; the chain room signs, watches and writes the outcome here.
 */
import { type Address, generationOf, getDeployment, type Hex } from './deployment';
import { type JobName, jobAt } from './job-name';
import { createStore, useStore } from './store';

export type TxKind =
  | 'mint'
  | 'approve'
  | 'hire'
  | 'accept'
  | 'noShow'
  | 'decline'
  | 'refund'
  | 'cancelOpen'
  | 'settle'
  | 'withdraw';
export type TxState = 'pending' | 'confirmed' | 'reverted' | 'cancelled' | 'replaced' | 'dismissed';

export type TxRecord = {
  hash: Hex;
  kind: TxKind;
  from: Address;
  chainId: number;
  /** Of the generation it was sent to; `jobId` is a number of that escrow's, also after the market has moved on. */
  escrow: Address;
  state: TxState;
  sentAt: number;
  /** Target and call data, by which a faster repeat is told from a different transaction. */
  to: Address;
  data: Hex;
  sinceBlock: number;
  nonce?: number;
  block?: number;
  jobId?: string;
  amount?: string;
  replacedBy?: Hex;
};

const KEY = 'aitbc.transactions.1';
const KEEP = 100;

export const transactionStore = createStore<readonly TxRecord[]>(load());

if (typeof window !== 'undefined')
  window.addEventListener('storage', (event) => {
    if (event.key === KEY) transactionStore.set(load());
  });

export function addTransaction(record: TxRecord): void {
  save([record, ...transactionStore.get().filter((other) => other.hash !== record.hash)].slice(0, KEEP));
}

export function updateTransaction(hash: Hex, patch: Partial<TxRecord>): void {
  save(transactionStore.get().map((record) => (record.hash === hash ? { ...record, ...patch } : record)));
}

/** Forgets everything that has ended; what is pending stays. */
export function clearEnded(): void {
  save(transactionStore.get().filter((record) => record.state === 'pending'));
}

/** Mine in this market, in all its generations, newest first. */
export function useTransactions(): TxRecord[] {
  return useStore(transactionStore).filter(isOfMarket);
}

export function isOfMarket({ chainId, escrow }: TxRecord): boolean {
  return chainId === getDeployment().chainId && generationOf(escrow) !== undefined;
}

/** The job that a transaction is of, or has made; none where it is of no job. */
export const jobOf = ({ escrow, jobId }: TxRecord): JobName | undefined =>
  jobId === undefined ? undefined : jobAt(escrow, jobId);

function save(records: readonly TxRecord[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(records));
  } catch {
    // Without storage the list lives as long as the tab.
  }
  transactionStore.set(records);
}

function load(): readonly TxRecord[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is TxRecord {
  const record = value as Partial<TxRecord> | null;
  return (
    typeof record?.hash === 'string' &&
    typeof record.kind === 'string' &&
    typeof record.escrow === 'string' &&
    typeof record.to === 'string' &&
    typeof record.data === 'string' &&
    typeof record.state === 'string'
  );
}
