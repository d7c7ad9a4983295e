import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderHook, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { house, useJob } from '../src/features/jobs/use-job';
import { setDeployment } from '../src/lib/deployment';
import { deployment } from './setup';

const OLD_ORACLE = '0x8888888888888888888888888888888888888888';
const OLD_TREASURY = '0x9999999999999999999999999999999999999999';
const older = {
  generation: 1,
  contracts: { ...deployment.contracts, ResultOracle: OLD_ORACLE },
  treasury: OLD_TREASURY,
  reporters: [],
} as const;

const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });

function wrapper({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={queries}>{children}</QueryClientProvider>;
}

afterEach(() => {
  queries.clear();
  vi.restoreAllMocks();
  setDeployment(deployment);
});

describe('a job of contracts that the market has left', () => {
  it('is decided by the oracle and treasury of then', () => {
    setDeployment({ ...deployment, older: [older] });
    expect(house('1:7')).toMatchObject({ resultOracle: OLD_ORACLE, treasury: OLD_TREASURY });
    expect(house('7')).toMatchObject({ resultOracle: deployment.contracts.ResultOracle });
  });

  it('is read from the index by its whole name, and never from the newest contracts', async () => {
    setDeployment({ ...deployment, older: [older] });
    const asked: string[] = [];
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
      asked.push(String(input instanceof Request ? input.url : input));
      return new Response(JSON.stringify({ title: 'Not found' }), { status: 404 });
    });
    const { result } = renderHook(() => useJob('1:7'), { wrapper });
    await waitFor(() => expect(result.current.isUnknown).toBe(true));
    expect(new Set(asked.map((url) => new URL(url, 'http://page').pathname))).toEqual(
      new Set(['/api/v1/jobs/1:7']),
    );
  });

  it.each(['0:7', '1:', ':7', '1:7:7', '01:7', '1:0'])('is not called %s', (name) => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const { result } = renderHook(() => useJob(name), { wrapper });
    expect(result.current.isUnknown).toBe(true);
    expect(fetched).not.toHaveBeenCalled();
  });
});
