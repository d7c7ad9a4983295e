/** The terms a job is made under, from its own escrow: each generation numbers its policies anew. */
import { useQuery } from '@tanstack/react-query';
import { getBlock, readContract } from 'viem/actions';
import { jobEscrowAbi } from '../generated/contracts';
import type { Generation } from '../lib/deployment';
import { node } from './config';

export type Policy = {
  feeBps: number;
  passMark: number;
  verdictSeconds: number;
  reviewSeconds: number;
  tailSeconds: number;
};

export function usePolicy(generation: Generation, policyId: number) {
  return useQuery({
    queryKey: ['policy', generation.number, policyId],
    queryFn: () => readPolicy(generation, policyId),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function readPolicy({ contracts }: Generation, policyId: number): Promise<Policy> {
  const escrow = { address: contracts.JobEscrow, abi: jobEscrowAbi } as const;
  const client = node();
  const [row, tail] = await Promise.all([
    readContract(client, { ...escrow, functionName: 'policyOf', args: [policyId] }),
    readContract(client, { ...escrow, functionName: 'tailOf', args: [policyId] }),
  ]);
  return {
    feeBps: row.feeBps,
    passMark: row.passMark,
    verdictSeconds: row.verdictSeconds,
    reviewSeconds: row.reviewSeconds,
    tailSeconds: Number(tail),
  };
}

/** The node's latest block time, for the deadline of a new job: never the visitor's clock. */
export async function readChainTime(): Promise<bigint> {
  return (await getBlock(node())).timestamp;
}
