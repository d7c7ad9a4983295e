import { describe, expect, it } from 'vitest';
import { stationsOf } from '../src/features/jobs/progress';
import type { ApiJob } from '../src/lib/api';
import { newestGeneration } from '../src/lib/deployment';
import { type ChainJob, type Job, type JobEvent, mergeJob, payoutsOf } from '../src/lib/job';
import { jobIn } from '../src/lib/job-name';
import { deployment } from './setup';

const CLIENT = '0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa';
const AGENT = '0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb';
const DIGEST = `0x${'ab'.repeat(32)}` as const;

const chain = (patch: Partial<ChainJob> = {}): ChainJob => ({
  client: CLIENT,
  provider: AGENT,
  evaluator: deployment.contracts.ResultOracle,
  token: deployment.token.address,
  policyId: 1,
  budget: 2_500_000n,
  workBy: 1600,
  expiredAt: 9000,
  submittedAt: 0,
  status: 'funded',
  verdict: null,
  settleableAt: 0,
  ...patch,
});

const event = (name: string, args: Record<string, unknown>, order = 0): JobEvent => ({
  name,
  tx_hash: `0x${order.toString(16).padStart(64, '0')}`,
  block_number: 10 + order,
  log_index: order,
  at: 1000 + order,
  args,
});

const api: ApiJob = {
  job_id: '7',
  generation: 1,
  client: CLIENT,
  provider: AGENT,
  evaluator: deployment.contracts.ResultOracle,
  agent_id: '0',
  listing_id: '1',
  policy_id: 1,
  token: deployment.token.address,
  symbol: 'tUSD',
  decimals: 6,
  budget: '2500000',
  status: 'funded',
  description: '',
  request_cid: null,
  deliverable: null,
  result_cid: null,
  created_at: 1000,
  work_by: 1600,
  expired_at: 9000,
  submitted_at: null,
  settled_at: null,
  verdict: null,
  settleable_at: null,
};

const merged = (sources: Parameters<typeof mergeJob>[1]): Job => {
  const name = jobIn(1, '7');
  const job = name && mergeJob(name, sources);
  if (!job) throw new Error('no job');
  return job;
};

describe('a job from two sources', () => {
  it('is nothing while neither has answered', () => {
    expect(() => merged({})).toThrow('no job');
  });

  it('believes the chain about state and money when the index lags', () => {
    const job = merged({ chain: chain({ status: 'completed', budget: 3n }), api });
    expect(job.status).toBe('completed');
    expect(job.budget).toBe(3n);
    expect(job.agentId).toBe('0');
  });

  it('is whole from the index alone', () => {
    const job = merged({ api: { ...api, status: 'submitted', submitted_at: 1200, deliverable: DIGEST } });
    expect(job).toMatchObject({
      status: 'submitted',
      submittedAt: 1200,
      budget: 2_500_000n,
      isHouseJob: true,
    });
    expect(job.isDeliverableFromChain).toBe(false);
    expect(job.resultCid).toMatch(/^bafkrei/);
  });

  it('is whole from the chain alone', () => {
    const logs = [
      event('JobCreated', { client: CLIENT }, 0),
      event('JobDescribed', { agentId: 3n, listingId: 4n, description: 'ipfs://nothing' }, 1),
      event('JobSubmitted', { deliverable: DIGEST }, 2),
      event('VerdictPosted', { reportHash: DIGEST, score: 90, signerBitmap: 0b101n }, 3),
    ];
    const job = merged({
      chain: chain({ status: 'submitted', submittedAt: 1200, verdict: { score: 90, postedAt: 1300 } }),
      logs,
    });
    expect(job).toMatchObject({
      agentId: '3',
      listingId: '4',
      deliverable: DIGEST,
      isDeliverableFromChain: true,
    });
    expect(job.verdict?.signers).toEqual([deployment.reporters[0], deployment.reporters[2]]);
    expect(job.createdAt).toBe(1000);
  });

  it('names no agent for a standard job', () => {
    const none = event('JobDescribed', { agentId: 2n ** 256n - 1n, listingId: 0n, description: '' });
    expect(merged({ chain: chain(), logs: [none] }).agentId).toBeUndefined();
  });

  it('calls a job with another judge unprotected', () => {
    expect(merged({ chain: chain({ evaluator: CLIENT }) }).isHouseJob).toBe(false);
  });
});

describe('payouts', () => {
  it('never breaks on an amount it cannot read', () => {
    for (const amount of [1e30, Number.NaN, 'many', '-1', null, undefined, {}])
      expect(() =>
        payoutsOf([event('Refunded', { client: CLIENT, amount })], newestGeneration()),
      ).not.toThrow();
  });

  it('reads integers and decimal strings alike, and the sum is the budget', () => {
    for (const write of [(units: bigint) => units, String, Number]) {
      const payouts = payoutsOf(
        [
          event('PaymentReleased', { provider: AGENT, amount: write(2_375_000n) }),
          event('FeeTaken', { toTreasury: write(75_000n), toReporters: write(50_000n) }),
        ],
        newestGeneration(),
      );
      expect(payouts.map((payout) => payout.kind)).toEqual(['provider', 'treasury', 'reporters']);
      expect(payouts.reduce((sum, payout) => sum + payout.amount, 0n)).toBe(2_500_000n);
    }
  });

  it('gives a refund to the client', () => {
    expect(payoutsOf([event('Refunded', { client: CLIENT, amount: 5n })], newestGeneration())).toEqual([
      { to: CLIENT, amount: 5n, kind: 'client' },
    ]);
  });
});

describe('stations', () => {
  const states = (job: Job) => stationsOf(job, 600, 60).map(({ name, state }) => `${name}:${state}`);
  const passed = { score: 60, postedAt: 1300 };

  it.each([
    ['working', chain(), 'funded:done delivered:current checked:ahead paid:ahead'],
    [
      'delivered',
      chain({ status: 'submitted', submittedAt: 1200 }),
      'funded:done delivered:done checked:current paid:ahead',
    ],
    [
      'checked',
      chain({ status: 'submitted', submittedAt: 1200, verdict: passed }),
      'funded:done delivered:done checked:done paid:current',
    ],
    [
      'failed the check',
      chain({ status: 'submitted', submittedAt: 1200, verdict: { score: 59, postedAt: 1 } }),
      'funded:done delivered:done checked:failed paid:current',
    ],
    [
      'paid',
      chain({ status: 'completed', submittedAt: 1200, verdict: passed }),
      'funded:done delivered:done checked:done paid:done',
    ],
    [
      'paid without a verdict',
      chain({ status: 'completed', submittedAt: 1200 }),
      'funded:done delivered:done checked:ahead paid:done',
    ],
    ['nobody came', chain({ status: 'rejected' }), 'funded:done delivered:failed checked:ahead paid:failed'],
  ])('%s', (_, facts, expected) => {
    expect(states(merged({ chain: facts })).join(' ')).toBe(expected);
  });

  it('gives each current station its deadline', () => {
    const working = stationsOf(merged({ chain: chain() }), 600, 60);
    expect(working[1]?.due).toBe(1600);
    const submitted = chain({ status: 'submitted', submittedAt: 1200, settleableAt: 1920 });
    const checking = stationsOf(merged({ chain: submitted }), 600, 60);
    expect(checking[2]?.due).toBe(1800);
    expect(checking[3]?.due).toBe(1920);
  });

  it('has no check for a job with another judge', () => {
    expect(states(merged({ chain: chain({ evaluator: CLIENT }) }))).toHaveLength(3);
  });
});
