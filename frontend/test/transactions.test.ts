import { beforeEach, describe, expect, it } from 'vitest';
import {
  addTransaction,
  clearEnded,
  type TxRecord,
  transactionStore,
  updateTransaction,
} from '../src/lib/transactions';
import { deployment } from './setup';

const record = (patch: Partial<TxRecord> = {}): TxRecord => ({
  hash: '0x01',
  kind: 'hire',
  from: '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
  to: deployment.contracts.JobEscrow,
  data: '0x',
  chainId: 31337,
  escrow: deployment.contracts.JobEscrow,
  state: 'pending',
  sentAt: 1,
  sinceBlock: 1,
  ...patch,
});
const kept = () => JSON.parse(localStorage.getItem('aitbc.transactions.1') ?? '[]') as TxRecord[];

beforeEach(() => transactionStore.set([]));

describe('the list of what was sent', () => {
  it('is written before anybody waits for it', () => {
    addTransaction(record());
    expect(kept()).toHaveLength(1);
  });

  it('has each transaction once, newest first', () => {
    addTransaction(record({ hash: '0x01' }));
    addTransaction(record({ hash: '0x02' }));
    addTransaction(record({ hash: '0x01', kind: 'mint' }));
    expect(transactionStore.get().map((item) => [item.hash, item.kind])).toEqual([
      ['0x01', 'mint'],
      ['0x02', 'hire'],
    ]);
  });

  it('keeps what is pending when the ended is cleared', () => {
    addTransaction(record({ hash: '0x01' }));
    addTransaction(record({ hash: '0x02' }));
    updateTransaction('0x02', { state: 'confirmed', block: 9 });
    clearEnded();
    expect(kept().map((item) => item.hash)).toEqual(['0x01']);
  });

  it('takes over what another tab has written, and drops what is no record', () => {
    localStorage.setItem(
      'aitbc.transactions.1',
      JSON.stringify([record({ hash: '0x07' }), { nonsense: 1 }, null]),
    );
    window.dispatchEvent(new StorageEvent('storage', { key: 'aitbc.transactions.1' }));
    expect(transactionStore.get().map((item) => item.hash)).toEqual(['0x07']);
  });

  it('survives a broken storage', () => {
    localStorage.setItem('aitbc.transactions.1', '{broken');
    window.dispatchEvent(new StorageEvent('storage', { key: 'aitbc.transactions.1' }));
    expect(transactionStore.get()).toEqual([]);
  });
});
