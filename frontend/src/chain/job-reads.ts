/** The job pages' reads from the node itself: enough to see and move the money with no server at all. */
import { type Log, numberToHex, pad, parseEventLogs, type RpcLog } from 'viem';
import { getBlock, getContractEvents, readContract } from 'viem/actions';
import { jobEscrowAbi, resultOracleAbi } from '../generated/contracts';
import { type Address, getDeployment, type Hex } from '../lib/deployment';
import { type ChainJob, JOB_STATES, type JobEvent } from '../lib/job';
import { type JobName, jobAt } from '../lib/job-name';
import { node } from './config';

const eventAbi = [...jobEscrowAbi, ...resultOracleAbi] as const;

/** State, money, deadlines and verdict of a job. Rejects with the contract's error when it never existed. */
export async function readJob({ id, generation }: JobName): Promise<ChainJob> {
  const { JobEscrow, ResultOracle } = generation.contracts;
  const client = node();
  const escrow = { address: JobEscrow, abi: jobEscrowAbi } as const;
  const oracle = { address: ResultOracle, abi: resultOracleAbi } as const;
  const args = [id] as const;
  const [job, [score, postedAt, isPosted], settleableAt] = await Promise.all([
    readContract(client, { ...escrow, functionName: 'jobOf', args }),
    readContract(client, { ...oracle, functionName: 'verdictOf', args }),
    readContract(client, { ...oracle, functionName: 'settleableAt', args }),
  ]);
  return {
    client: job.client,
    provider: job.provider,
    evaluator: job.evaluator,
    token: job.token,
    policyId: job.policyId,
    budget: job.budget,
    workBy: job.workBy,
    expiredAt: job.expiredAt,
    submittedAt: job.submittedAt,
    status: JOB_STATES[job.status] ?? 'open',
    verdict: isPosted ? { score, postedAt } : null,
    settleableAt: Number(settleableAt),
  };
}

/** Everything that escrow and oracle have said about a job, oldest first. */
export async function readJobLogs({ id, generation }: JobName): Promise<JobEvent[]> {
  const { contracts, deployedAtBlock } = generation;
  const topic = pad(numberToHex(id), { size: 32 });
  const raw = await requestLogs(
    [contracts.JobEscrow, contracts.ResultOracle],
    [null, topic],
    deployedAtBlock,
  );
  const parsed = parseEventLogs({ abi: eventAbi, logs: raw });
  const times = await blockTimes(raw);
  return parsed.map((log) => ({
    name: log.eventName,
    tx_hash: log.transactionHash,
    block_number: Number(log.blockNumber),
    log_index: Number(log.logIndex),
    at: times.get(Number(log.blockNumber)) ?? 0,
    args: { ...log.args } as Record<string, unknown>,
  }));
}

/** The jobs that `client` has opened in any generation, newest first; the fallback of the job list. */
export async function readJobsOf(client: Address): Promise<JobName[]> {
  const { generations } = getDeployment();
  const found = await Promise.all(
    generations.map(async ({ contracts, deployedAtBlock }) => {
      const logs = await getContractEvents(node(), {
        address: contracts.JobEscrow,
        abi: jobEscrowAbi,
        eventName: 'JobCreated',
        args: { client },
        fromBlock: BigInt(deployedAtBlock),
      });
      return namesOf(logs).reverse();
    }),
  );
  return found.flat();
}

/** The job that a hire has made, from its receipt. */
export function jobMadeIn(logs: readonly Log[]): JobName | undefined {
  return namesOf(parseEventLogs({ abi: jobEscrowAbi, eventName: 'JobCreated', logs: [...logs] }))[0];
}

/** A number in a log is of the escrow that wrote the log. */
function namesOf(logs: readonly { address: Address; args: { jobId?: bigint | undefined } }[]): JobName[] {
  return logs.flatMap(({ address, args }) => jobAt(address, String(args.jobId)) ?? []);
}

async function requestLogs(addresses: Address[], topics: (Hex | null)[], fromBlock: number): Promise<Log[]> {
  const logs = (await node().request({
    method: 'eth_getLogs',
    params: [{ address: addresses, topics, fromBlock: numberToHex(fromBlock), toBlock: 'latest' }],
  })) as RpcLog[];
  return logs.map((log) => ({
    ...log,
    blockNumber: log.blockNumber ? BigInt(log.blockNumber) : null,
    logIndex: log.logIndex ? Number(log.logIndex) : null,
    transactionIndex: log.transactionIndex ? Number(log.transactionIndex) : null,
  })) as unknown as Log[];
}

async function blockTimes(logs: readonly Log[]): Promise<Map<number, number>> {
  const blocks = [...new Set(logs.map((log) => log.blockNumber ?? 0n))];
  const found = await Promise.all(blocks.map((blockNumber) => getBlock(node(), { blockNumber })));
  return new Map(found.map((block) => [Number(block.number), Number(block.timestamp)]));
}
