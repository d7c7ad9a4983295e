/** One job as the page knows it: the chain's word on state and money, the index's on everything around it. */
import type { ApiEvent, ApiJob, ApiProgress, JobState } from './api';
import { cidFromUri, rawCidOf } from './cid';
import type { Address, Generation, Hex } from './deployment';
import { isSameAddress } from './format';
import type { JobName } from './job-name';

export const JOB_STATES = ['open', 'funded', 'submitted', 'completed', 'rejected', 'expired'] as const;
export const ENDED: ReadonlySet<JobState> = new Set(['completed', 'rejected', 'expired']);

export type ChainJob = {
  client: Address;
  provider: Address;
  evaluator: Address;
  token: Address;
  policyId: number;
  budget: bigint;
  workBy: number;
  expiredAt: number;
  submittedAt: number;
  status: JobState;
  verdict: { score: number; postedAt: number } | null;
  settleableAt: number;
};

export type JobEvent = Omit<ApiEvent, 'args'> & { args: Record<string, unknown> };
export type Payout = {
  to: Address;
  amount: bigint;
  kind: 'provider' | 'treasury' | 'reporters' | 'client' | string;
};
export type Verdict = { score: number; postedAt: number; reportHash: Hex | undefined; signers: Address[] };

export type Job = {
  name: JobName;
  client: Address;
  provider: Address;
  evaluator: Address;
  isHouseJob: boolean;
  agentId: string | undefined;
  agentName: string | undefined;
  listingId: string | undefined;
  policyId: number;
  budget: bigint;
  status: JobState;
  createdAt: number | undefined;
  workBy: number;
  expiredAt: number;
  submittedAt: number | undefined;
  settledAt: number | undefined;
  settleableAt: number;
  requestCid: string | undefined;
  /** Digest of the result document, and whether the chain itself (not only the index) has said so. */
  deliverable: Hex | undefined;
  isDeliverableFromChain: boolean;
  resultCid: string | undefined;
  verdict: Verdict | undefined;
  events: JobEvent[];
  progress: ApiProgress[];
  payouts: Payout[];
};

export type JobSources = {
  chain?: ChainJob | undefined;
  api?: ApiJob | undefined;
  logs?: readonly JobEvent[] | undefined;
};

/** Joins what is known; undefined when neither the chain nor the index has answered. */
export function mergeJob(name: JobName, { chain, api, logs = [] }: JobSources): Job | undefined {
  const { generation } = name;
  const facts = chain ?? (api && factsOfApi(api));
  if (!facts) return undefined;
  const events = (logs.length > 0 ? [...logs] : [...(api?.events ?? [])]).sort(
    (a, b) => a.block_number - b.block_number || a.log_index - b.log_index,
  );
  const described = find(events, 'JobDescribed');
  const submitted = find(logs, 'JobSubmitted');
  const posted = find(events, 'VerdictPosted');
  const fromChain = submitted?.args.deliverable as Hex | undefined;
  const deliverable = fromChain ?? api?.deliverable ?? undefined;
  const paid = payoutsOf(events, generation);
  const verdict =
    facts.verdict ?? (api?.verdict && { score: api.verdict.score, postedAt: api.verdict.posted_at });
  return {
    name,
    client: facts.client,
    provider: facts.provider,
    evaluator: facts.evaluator,
    isHouseJob: isSameAddress(facts.evaluator, generation.contracts.ResultOracle),
    agentId: knownId(api?.agent_id ?? described?.args.agentId),
    agentName: api?.agent_name ?? undefined,
    listingId: knownId(api?.listing_id ?? described?.args.listingId),
    policyId: facts.policyId,
    budget: facts.budget,
    status: facts.status,
    createdAt: api?.created_at ?? find(events, 'JobCreated')?.at,
    workBy: facts.workBy,
    expiredAt: facts.expiredAt,
    submittedAt: facts.submittedAt || undefined,
    settledAt: api?.settled_at ?? endOf(events)?.at,
    settleableAt: facts.settleableAt,
    requestCid: api?.request_cid ?? cidFromUri(String(described?.args.description ?? '')),
    deliverable,
    isDeliverableFromChain: fromChain !== undefined,
    resultCid: deliverable ? rawCidOf(deliverable) : undefined,
    verdict: verdict
      ? {
          ...verdict,
          reportHash: (posted?.args.reportHash as Hex | undefined) ?? api?.verdict?.report_hash,
          signers: signersOf(posted, generation.reporters) ?? api?.verdict?.signers ?? [],
        }
      : undefined,
    events,
    progress: api?.progress ?? [],
    payouts:
      paid.length > 0 ? paid : (api?.payouts ?? []).map((one) => ({ ...one, amount: BigInt(one.amount) })),
  };
}

/** Who got what, as the escrow's own events say it. */
export function payoutsOf(events: readonly JobEvent[], { contracts, treasury }: Generation): Payout[] {
  const payouts: Payout[] = [];
  for (const { name, args } of events) {
    if (name === 'PaymentReleased')
      payouts.push({ to: args.provider as Address, amount: toUnits(args.amount), kind: 'provider' });
    if (name === 'Refunded')
      payouts.push({ to: args.client as Address, amount: toUnits(args.amount), kind: 'client' });
    if (name === 'FeeTaken') {
      payouts.push({ to: treasury, amount: toUnits(args.toTreasury), kind: 'treasury' });
      payouts.push({ to: contracts.ResultOracle, amount: toUnits(args.toReporters), kind: 'reporters' });
    }
  }
  return payouts;
}

function factsOfApi(api: ApiJob): ChainJob {
  return {
    client: api.client,
    provider: api.provider,
    evaluator: api.evaluator,
    token: api.token,
    policyId: api.policy_id,
    budget: BigInt(api.budget),
    workBy: api.work_by,
    expiredAt: api.expired_at,
    submittedAt: api.submitted_at ?? 0,
    status: api.status,
    verdict: api.verdict ? { score: api.verdict.score, postedAt: api.verdict.posted_at } : null,
    settleableAt: api.settleable_at ?? 0,
  };
}

function find(events: readonly JobEvent[], name: string): JobEvent | undefined {
  return events.find((event) => event.name === name);
}

function endOf(events: readonly JobEvent[]): JobEvent | undefined {
  return events.find((event) => ['JobCompleted', 'JobRejected', 'JobExpired'].includes(event.name));
}

/** A job that names no agent carries the largest number instead, and listing 0. */
function knownId(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const text = String(value);
  return text.length > 20 ? undefined : text;
}

/** An amount of an event: a bigint (the node), a decimal string or a JSON number (the index); 0 for anything else. */
export function toUnits(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n;
  return typeof value === 'string' && /^\d{1,78}$/.test(value) ? BigInt(value) : 0n;
}

function signersOf(posted: JobEvent | undefined, reporters: readonly Address[]): Address[] | undefined {
  if (posted?.args.signerBitmap === undefined) return undefined;
  const bitmap = toUnits(posted.args.signerBitmap);
  return reporters.filter((_, index) => (bitmap >> BigInt(index)) & 1n);
}
