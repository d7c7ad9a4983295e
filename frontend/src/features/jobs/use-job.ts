/** A job from both of its sources: the node for state and money, the index for everything around it. */
import { useQuery } from '@tanstack/react-query';
import { ContractFunctionRevertedError } from 'viem';
import { describeError } from '../../chain/errors';
import { readJob, readJobLogs } from '../../chain/job-reads';
import { type ApiJob, apiGet, type Health } from '../../lib/api';
import { ENDED, type Job, mergeJob } from '../../lib/job';
import type { JobName } from '../../lib/job-name';
import { streamStore } from '../../lib/live';
import { useStore } from '../../lib/store';
import { jobOf, useTransactions } from '../../lib/transactions';

const POLL_LIVE_MS = 5000;
const POLL_ALONE_MS = 2500;
const INDEX_POLL_MS = 500;

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

export function useJob(name: JobName): JobRead {
  const stream = useStore(streamStore);
  const pollMs = stream === 'live' ? POLL_LIVE_MS : POLL_ALONE_MS;
  const chain = useQuery({
    queryKey: ['job', name.full, 'chain'],
    queryFn: () => readJob(name),
    retry: (count, error) => count < 2 && !isUnknownJob(error),
    refetchInterval: (query) => (query.state.data && ENDED.has(query.state.data.status) ? false : pollMs),
  });
  const isUnknown = isUnknownJob(chain.error);
  const indexed = useIndexed(name);
  const api = useQuery({
    queryKey: ['job', name.full, 'api'],
    queryFn: ({ signal }) => apiGet<ApiJob>(`/jobs/${name.full}`, {}, signal),
    enabled: !isUnknown && !chain.isPending && indexed,
    refetchInterval: (query) => (isSettledIn(query.state.data) ? false : pollMs),
  });
  const needsLogs =
    chain.isSuccess && (chain.data.submittedAt > 0 || ENDED.has(chain.data.status) || api.isError);
  const logs = useQuery({
    queryKey: ['job', name.full, 'logs', chain.data?.status, chain.data?.verdict?.postedAt ?? 0],
    queryFn: () => readJobLogs(name),
    enabled: needsLogs,
    staleTime: Number.POSITIVE_INFINITY,
  });
  // Drawn once the surroundings are known too, or known to be missing: parts that arrive later would push others away.
  const isAround = api.isSuccess || api.isError || logs.isSuccess || logs.isError || !indexed;
  const isEnough = (chain.isSuccess && isAround) || api.isSuccess;
  const isDrawn = isEnough && !isUnknown;
  const job = !isDrawn ? undefined : mergeJob(name, { chain: chain.data, api: api.data, logs: logs.data });
  return {
    job,
    isUnknown,
    isPending: !isUnknown && !isEnough && (chain.isPending || !isAround),
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
function useIndexed(name: JobName): boolean {
  const mine = useTransactions().filter((item) => item.block && jobOf(item)?.full === name.full);
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

function isUnknownJob(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const described = describeError(error);
  return described.name === 'JobEscrow_UnknownJob' || error instanceof ContractFunctionRevertedError;
}
