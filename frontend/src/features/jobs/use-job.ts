/** A job from both of its sources: the node for state and money, the index for everything around it. */
import { useQuery } from '@tanstack/react-query';
import { ContractFunctionRevertedError } from 'viem';
import { describeError } from '../../chain/errors';
import { readJob, readJobLogs } from '../../chain/job-reads';
import { ApiError, type ApiJob, apiGet, type Health } from '../../lib/api';
import { getDeployment } from '../../lib/deployment';
import { ENDED, type House, type Job, mergeJob } from '../../lib/job';
import { streamStore } from '../../lib/live';
import { useStore } from '../../lib/store';
import { useTransactions } from '../../lib/transactions';

const POLL_LIVE_MS = 5000;
const POLL_ALONE_MS = 2500;
const INDEX_POLL_MS = 500;

/** The generation before the newest that a job's name begins with; none for a plain id. */
function olderOf(jobId: string): number | undefined {
  const [generation, id] = jobId.split(':');
  return id === undefined ? undefined : Number(generation);
}

/** Whether a job is of contracts that the market has left: it is read from the index alone, and nothing is signed for it. */
export const isOlder = (jobId: string): boolean => olderOf(jobId) !== undefined;

/** Whose oracle, treasury and reporters decide about a job. */
export function house(jobId = ''): House {
  const deployment = getDeployment();
  const number = olderOf(jobId);
  const { contracts, treasury, reporters } =
    deployment.older?.find((each) => each.generation === number) ?? deployment;
  return {
    resultOracle: contracts.ResultOracle,
    reportersPool: contracts.ResultOracle,
    treasury,
    reporters,
  };
}

export type JobRead = {
  job: Job | undefined;
  isUnknown: boolean;
  isPending: boolean;
  /** The index has not read the block of this person's own last step yet. */
  isIndexing: boolean;
  isChainDown: boolean;
  error: unknown;
  retry: () => void;
};

export function useJob(jobId: string): JobRead {
  const stream = useStore(streamStore);
  const isId = /^([1-9]\d{0,8}:)?[1-9]\d{0,18}$/.test(jobId);
  const pollMs = stream === 'live' ? POLL_LIVE_MS : POLL_ALONE_MS;
  const chain = useQuery({
    queryKey: ['job', jobId, 'chain'],
    queryFn: () => readJob(jobId),
    enabled: isId && !isOlder(jobId),
    retry: (count, error) => count < 2 && !isUnknownJob(error),
    refetchInterval: (query) => (query.state.data && ENDED.has(query.state.data.status) ? false : pollMs),
  });
  const indexed = useIndexed(jobId);
  const api = useQuery({
    queryKey: ['job', jobId, 'api'],
    queryFn: ({ signal }) => apiGet<ApiJob>(`/jobs/${jobId}`, {}, signal),
    enabled: isId && !isUnknownJob(chain.error) && (isOlder(jobId) || !chain.isPending) && indexed,
    refetchInterval: (query) => (isSettledIn(query.state.data) ? false : pollMs),
  });
  const isUnknown = !isId || isUnknownJob(chain.error) || (isOlder(jobId) && isNotFound(api.error));
  const needsLogs =
    chain.isSuccess && (chain.data.submittedAt > 0 || ENDED.has(chain.data.status) || api.isError);
  const logs = useQuery({
    queryKey: ['job', jobId, 'logs', chain.data?.status, chain.data?.verdict?.postedAt ?? 0],
    queryFn: () => readJobLogs(jobId),
    enabled: needsLogs,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // Drawn once the surroundings are known too, or known to be missing: parts that arrive later would push others away.
  const isAround = api.isSuccess || api.isError || logs.isSuccess || logs.isError || !indexed;
  const isEnough = (chain.isSuccess && isAround) || api.isSuccess;
  const isDrawn = isEnough && !isUnknown;
  const job = !isDrawn
    ? undefined
    : mergeJob(jobId, { chain: chain.data, api: api.data, logs: logs.data }, house(jobId));
  return {
    job,
    isUnknown,
    isPending: !isUnknown && !isEnough && (isOlder(jobId) ? api.isPending : chain.isPending || !isAround),
    isIndexing: !indexed && !api.data,
    isChainDown: chain.isError && !isUnknown,
    error: chain.error ?? api.error,
    retry: () => {
      void chain.refetch();
      void api.refetch();
    },
  };
}

/** False until the index has read the block in which this browser's own transaction on the job was mined. */
function useIndexed(jobId: string): boolean {
  const { chainId, contracts } = getDeployment();
  const mine = useTransactions(chainId, contracts.JobEscrow).filter(
    (item) => item.jobId === jobId && item.block,
  );
  const block = Math.max(0, ...mine.map((item) => item.block ?? 0));
  const read = useQuery({
    queryKey: ['indexed', block],
    queryFn: async ({ signal }) => (await apiGet<Health>('/health', {}, signal)).block >= block,
    enabled: block > 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchInterval: (query) => (query.state.data === true ? false : INDEX_POLL_MS),
  });
  return block === 0 || read.data === true || read.isError;
}

function isSettledIn(job: ApiJob | undefined): boolean {
  return job !== undefined && ENDED.has(job.status) && (job.payouts?.length ?? 0) > 0;
}

function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function isUnknownJob(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const described = describeError(error);
  return described.name === 'JobEscrow_UnknownJob' || error instanceof ContractFunctionRevertedError;
}
