/** Balances from the node: what a person can spend, has allowed, and has waiting. */
import { useQuery } from '@tanstack/react-query';
import { getBalance, readContract } from 'viem/actions';
import { jobEscrowAbi, testDollarAbi } from '../generated/contracts';
import { type Address, type Generation, getDeployment, newestGeneration } from '../lib/deployment';
import { node } from './config';

const POLL_MS = 10_000;

/** What an account holds of one generation's token, how much of it that escrow may take, and the chain's coin for fees. */
export type Purse = { balance: bigint; allowance: bigint; gas: bigint };
export type Credit = { generation: Generation; amount: bigint };

export async function readPurse(account: Address, { contracts, token }: Generation): Promise<Purse> {
  const client = node();
  const erc20 = { address: token.address, abi: testDollarAbi } as const;
  const [balance, allowance, gas] = await Promise.all([
    readContract(client, { ...erc20, functionName: 'balanceOf', args: [account] }),
    readContract(client, { ...erc20, functionName: 'allowance', args: [account, contracts.JobEscrow] }),
    getBalance(client, { address: account }),
  ]);
  return { balance, allowance, gas };
}

/** What waits for an account in the escrow of each generation, newest first; zeros stay in. */
export function readCredits(account: Address): Promise<Credit[]> {
  return Promise.all(
    getDeployment().generations.map(async (generation) => ({
      generation,
      amount: await readContract(node(), {
        address: generation.contracts.JobEscrow,
        abi: jobEscrowAbi,
        functionName: 'creditOf',
        args: [generation.token.address, account],
      }),
    })),
  );
}

export function usePurse(account: Address | undefined, generation = newestGeneration()) {
  return useQuery({
    queryKey: ['money', account ?? '', generation.number],
    queryFn: () => readPurse(account as Address, generation),
    enabled: account !== undefined,
    refetchInterval: POLL_MS,
  });
}

export function useCredits(account: Address) {
  return useQuery({
    queryKey: ['money', account, 'credits'],
    queryFn: () => readCredits(account),
    refetchInterval: POLL_MS,
  });
}
