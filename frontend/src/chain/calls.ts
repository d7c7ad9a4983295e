/**
 * The writes of this page as data: which contract, which function, which arguments.
 *
 * A hire is always of the newest generation; a step of a job goes where the job's name says, and nowhere else.
 */
import type { Abi } from 'viem';
import { jobEscrowAbi, resultOracleAbi, testDollarAbi } from '../generated/contracts';
import { type Address, type Generation, newestGeneration } from '../lib/deployment';
import type { JobName } from '../lib/job-name';
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
  const generation = newestGeneration();
  return {
    ...token(generation, 'approve', [generation.contracts.JobEscrow, amount]),
    kind: 'approve',
    amount,
  };
}

export function hireCall(terms: HireTerms): Call {
  return { ...escrow(newestGeneration(), 'hire', [terms]), kind: 'hire', amount: terms.budget };
}

export function mintCall(to: Address, amount: bigint): Call {
  return { ...token(newestGeneration(), 'mint', [to, amount]), kind: 'mint', amount };
}

export function withdrawCall(generation: Generation, amount: bigint): Call {
  return { ...escrow(generation, 'withdraw', [generation.token.address]), kind: 'withdraw', amount };
}

/** The transaction behind a button of the job page. */
export function actionCall(action: JobAction, job: JobName): Call {
  const { generation, id } = job;
  const calls: Record<JobAction, () => Target> = {
    accept: () => escrow(generation, 'accept', [id]),
    noShow: () => escrow(generation, 'noShow', [id]),
    refund: () => escrow(generation, 'claimRefund', [id]),
    decline: () => escrow(generation, 'decline', [id]),
    cancelOpen: () => escrow(generation, 'reject', [id, ZERO_BYTES32, '0x']),
    settle: () => oracle(generation, 'settle', [[id]]),
  };
  return { ...calls[action](), kind: action, job };
}

type Target = Pick<Call, 'generation' | 'address' | 'abi' | 'functionName' | 'args'>;

function escrow(generation: Generation, functionName: string, args: readonly unknown[]): Target {
  const address = generation.contracts.JobEscrow;
  return { generation, address, abi: jobEscrowAbi as Abi, functionName, args };
}

function oracle(generation: Generation, functionName: string, args: readonly unknown[]): Target {
  const address = generation.contracts.ResultOracle;
  return { generation, address, abi: resultOracleAbi as Abi, functionName, args };
}

function token(generation: Generation, functionName: string, args: readonly unknown[]): Target {
  return { generation, address: generation.token.address, abi: testDollarAbi as Abi, functionName, args };
}
