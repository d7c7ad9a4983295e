import { createClient, custom, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { type Sent, watchSent } from '../src/chain/watch';

const FROM = '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const TO = '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
const HASH = `0x${'11'.repeat(32)}` as Hex;
const OTHER = `0x${'22'.repeat(32)}` as Hex;
const sent: Sent = { hash: HASH, from: FROM, to: TO, data: '0x1234', nonce: 5, sinceBlock: 1 };

type Mined = { hash: Hex; to: string; input: Hex; value: Hex };

/** A node that knows one mined transaction, is asked, and can be away for the first requests. */
function fakeNode(state: { mined?: Mined; isPending?: boolean; awayFor?: number; status?: Hex }) {
  let away = state.awayFor ?? 0;
  const block = { number: '0x2', hash: OTHER, timestamp: '0x1', transactions: [] as unknown[] };
  const transaction = (item: Mined) => ({
    ...item,
    from: FROM,
    nonce: '0x5',
    blockNumber: '0x2',
    blockHash: OTHER,
    transactionIndex: '0x0',
    gas: '0x1',
    type: '0x2',
  });
  const answers: Record<string, (params: unknown[]) => unknown> = {
    eth_blockNumber: () => '0x2',
    eth_getTransactionCount: () => (state.mined ? '0x6' : '0x5'),
    eth_getTransactionByHash: ([hash]) =>
      state.mined?.hash === hash || state.isPending
        ? transaction(state.mined ?? { hash: HASH, to: TO, input: '0x1234', value: '0x0' })
        : null,
    eth_getTransactionReceipt: ([hash]) =>
      state.mined?.hash === hash
        ? { transactionHash: hash, blockNumber: '0x2', status: state.status ?? '0x1', logs: [], type: '0x2' }
        : null,
    eth_getBlockByNumber: () => ({ ...block, transactions: state.mined ? [transaction(state.mined)] : [] }),
  };
  return createClient({
    cacheTime: 0,
    transport: custom(
      {
        request: async ({ method, params }: { method: string; params?: unknown[] }) => {
          if (away > 0) {
            away -= 1;
            throw new Error('away');
          }
          return answers[method]?.(params ?? []);
        },
      },
      { retryCount: 0 },
    ),
  });
}

const watch = (state: Parameters<typeof fakeNode>[0], record: Sent = sent) =>
  watchSent(fakeNode(state), record, 1, () => undefined);

describe('a sent transaction', () => {
  it('ends mined when its receipt comes', async () => {
    const outcome = await watch({ mined: { hash: HASH, to: TO, input: '0x1234', value: '0x0' } });
    expect(outcome).toMatchObject({ kind: 'mined', receipt: { transactionHash: HASH, status: 'success' } });
  });

  it('ends mined although the node was away for a while', async () => {
    const outcome = await watch({ mined: { hash: HASH, to: TO, input: '0x1234', value: '0x0' }, awayFor: 4 });
    expect(outcome.kind).toBe('mined');
  });

  it('ends mined under another hash when the wallet has only paid more', async () => {
    const outcome = await watch({ mined: { hash: OTHER, to: TO, input: '0x1234', value: '0x0' } });
    expect(outcome).toMatchObject({ kind: 'mined', receipt: { transactionHash: OTHER } });
  });

  it('is cancelled when nothing to oneself took its place', async () => {
    const outcome = await watch({ mined: { hash: OTHER, to: FROM, input: '0x', value: '0x0' } });
    expect(outcome).toEqual({ kind: 'cancelled', by: OTHER, block: 2 });
  });

  it('is replaced when anything else took its place', async () => {
    const outcome = await watch({ mined: { hash: OTHER, to: TO, input: '0xffff', value: '0x0' } });
    expect(outcome).toEqual({ kind: 'replaced', by: OTHER, block: 2 });
  });

  it('learns its nonce from the node', async () => {
    const nonces: number[] = [];
    const state = { mined: { hash: HASH, to: TO, input: '0x1234' as Hex, value: '0x0' as Hex } };
    await watchSent(fakeNode(state), { ...sent, nonce: undefined }, 1, (nonce) => nonces.push(nonce));
    expect(nonces).toEqual([5]);
  });
});
