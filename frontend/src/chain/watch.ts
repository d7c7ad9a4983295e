/**
 * Follows one sent transaction to its end by asking the node again and again; needs no memory but its record.
 *
 * A wallet may replace what it has sent (faster, cancelled, or something else with the same nonce). Then the hash
 * never gets a receipt; what tells is that the sender's nonce has moved on without it.
 */
import type { Client, Transaction, TransactionReceipt } from 'viem';
import {
  getBlock,
  getBlockNumber,
  getTransaction,
  getTransactionCount,
  getTransactionReceipt,
} from 'viem/actions';
import type { Address, Hex } from '../lib/deployment';

export type Sent = {
  hash: Hex;
  from: Address;
  to: Address;
  data: Hex;
  nonce: number | undefined;
  sinceBlock: number;
};

export type Outcome =
  | { kind: 'mined'; receipt: TransactionReceipt }
  | { kind: 'cancelled' | 'replaced'; by: Hex | undefined; block: number | undefined };

/** How far back the transaction that took the place is searched. */
const SEARCH_BLOCKS = 256;

/** Resolves with the end; asks every `everyMs` and outlives a node that is away for a while. */
export async function watchSent(
  client: Client,
  sent: Sent,
  everyMs: number,
  onNonce: (nonce: number) => void,
): Promise<Outcome> {
  let nonce = sent.nonce;
  let isNonceSure = false;
  for (;;) {
    try {
      if (!isNonceSure) {
        const known = await orUndefined(getTransaction(client, { hash: sent.hash }));
        if (known) {
          isNonceSure = true;
          nonce = known.nonce;
          onNonce(nonce);
        }
      }
      const outcome = await lookOnce(client, { ...sent, nonce });
      if (outcome) return outcome;
    } catch {
      // The node is away: what was sent is still sent.
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

async function lookOnce(client: Client, sent: Sent): Promise<Outcome | undefined> {
  const mined =
    sent.nonce === undefined
      ? 0
      : await getTransactionCount(client, { address: sent.from, blockTag: 'latest' });
  // The count is read before the receipt: a block between the two answers must not look like a replacement.
  const receipt = await orUndefined(getTransactionReceipt(client, { hash: sent.hash }));
  if (receipt) return { kind: 'mined', receipt };
  if (sent.nonce === undefined || mined <= sent.nonce) return undefined;
  const other = await findByNonce(client, sent);
  if (!other) return { kind: 'replaced', by: undefined, block: undefined };
  const block = Number(other.blockNumber);
  if (other.to?.toLowerCase() === sent.to.toLowerCase() && other.input === sent.data) {
    const repriced = await getTransactionReceipt(client, { hash: other.hash });
    return { kind: 'mined', receipt: repriced };
  }
  const isNothing = other.to?.toLowerCase() === sent.from.toLowerCase() && other.value === 0n;
  return { kind: isNothing ? 'cancelled' : 'replaced', by: other.hash, block };
}

/** The mined transaction of this sender with this nonce, newest block first. */
async function findByNonce(client: Client, sent: Sent): Promise<Transaction | undefined> {
  const head = Number(await getBlockNumber(client, { cacheTime: 0 }));
  const first = Math.max(sent.sinceBlock, head - SEARCH_BLOCKS);
  for (let number = head; number >= first; number -= 1) {
    const block = await getBlock(client, { blockNumber: BigInt(number), includeTransactions: true });
    const found = block.transactions.find(
      (item) => item.from.toLowerCase() === sent.from.toLowerCase() && item.nonce === sent.nonce,
    );
    if (found) return found;
  }
  return undefined;
}

/** "Not found" is an answer; everything else is a failure. */
async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'TransactionNotFoundError' || name === 'TransactionReceiptNotFoundError') return undefined;
    throw error;
  }
}
