/** Balances from the node: what a person can spend, has allowed, and has waiting. */
import { useQuery } from '@tanstack/react-query';
import { getBalance, readContract } from 'viem/actions';
import { jobEscrowAbi, testDollarAbi } from '../generated/contracts';
import { type Address, getDeployment } from '../lib/deployment';
import { node } from './config';

export type Purse = { balance: bigint; allowance: bigint; credit: bigint; gas: bigint };

export const purseKey = (account: Address | undefined) => ['money', account ?? ''] as const;

export async function readPurse(account: Address): Promise<Purse> {
  const { contracts, token } = getDeployment();
  const client = node();
  const erc20 = { address: token.address, abi: testDollarAbi } as const;
  const [balance, allowance, credit, gas] = await Promise.all([
    readContract(client, { ...erc20, functionName: 'balanceOf', args: [account] }),
    readContract(client, { ...erc20, functionName: 'allowance', args: [account, contracts.JobEscrow] }),
    readContract(client, {
      address: contracts.JobEscrow,
      abi: jobEscrowAbi,
      functionName: 'creditOf',
      args: [token.address, account],
    }),
    getBalance(client, { address: account }),
  ]);
  return { balance, allowance, credit, gas };
}

export function usePurse(account: Address | undefined) {
  return useQuery({
    queryKey: purseKey(account),
    queryFn: () => readPurse(account as Address),
    enabled: account !== undefined,
    refetchInterval: 10_000,
  });
}
