/** The writes of this page as data: which contract, which function, which arguments. */
import type { Abi } from 'viem';
import { jobEscrowAbi, resultOracleAbi, testDollarAbi } from '../generated/contracts';
import { type Address, getDeployment } from '../lib/deployment';
import type { JobAction } from '../lib/roles';
import type { Call } from './send';

export type HireTerms = {
  provider: Address;
  policyId: number;
  budget: bigint;
  expiredAt: bigint;
  agentId: bigint;
  listingId: bigint;
  description: string;
};

const ZERO_BYTES32 = `0x${'00'.repeat(32)}` as const;

export function approveCall(amount: bigint): Call {
  const { contracts, token } = getDeployment();
  return {
    kind: 'approve',
    address: token.address,
    abi: testDollarAbi as Abi,
    functionName: 'approve',
    args: [contracts.JobEscrow, amount],
    amount,
  };
}

export function hireCall(terms: HireTerms): Call {
  return { ...escrow('hire', [terms]), kind: 'hire', amount: terms.budget };
}

export function mintCall(to: Address, amount: bigint): Call {
  return {
    kind: 'mint',
    address: getDeployment().token.address,
    abi: testDollarAbi as Abi,
    functionName: 'mint',
    args: [to, amount],
    amount,
  };
}

export function withdrawCall(amount: bigint): Call {
  return { ...escrow('withdraw', [getDeployment().token.address]), kind: 'withdraw', amount };
}

/** The transaction behind a button of the job page. */
export function actionCall(action: JobAction, jobId: string): Call {
  const id = BigInt(jobId);
  const calls: Record<JobAction, () => Omit<Call, 'kind' | 'jobId'>> = {
    accept: () => escrow('accept', [id]),
    noShow: () => escrow('noShow', [id]),
    refund: () => escrow('claimRefund', [id]),
    decline: () => escrow('decline', [id]),
    cancelOpen: () => escrow('reject', [id, ZERO_BYTES32, '0x']),
    settle: () => ({
      address: getDeployment().contracts.ResultOracle,
      abi: resultOracleAbi as Abi,
      functionName: 'settle',
      args: [[id]],
    }),
  };
  return { ...calls[action](), kind: action, jobId };
}

function escrow(functionName: string, args: readonly unknown[]): Omit<Call, 'kind'> {
  return { address: getDeployment().contracts.JobEscrow, abi: jobEscrowAbi as Abi, functionName, args };
}
