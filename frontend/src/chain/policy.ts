/** The terms a job is made under, from the escrow itself. */
import { useQuery } from '@tanstack/react-query';
import { getBlock, readContract } from 'viem/actions';
import { jobEscrowAbi } from '../generated/contracts';
import { getDeployment } from '../lib/deployment';
import { node } from './config';

export type Policy = {
  feeBps: number;
  passMark: number;
  verdictSeconds: number;
  reviewSeconds: number;
  tailSeconds: number;
};

export function usePolicy(policyId: number | undefined) {
  return useQuery({
    queryKey: ['policy', policyId],
    queryFn: () => readPolicy(policyId as number),
    enabled: policyId !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

async function readPolicy(policyId: number): Promise<Policy> {
  const escrow = { address: getDeployment().contracts.JobEscrow, abi: jobEscrowAbi } as const;
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
