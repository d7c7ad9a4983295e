import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react';
import type { ReactNode } from 'react';
import { decodeFunctionData, encodeErrorResult } from 'viem';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { actionCall, approveCall, hireCall, withdrawCall } from '../src/chain/calls';
import { send } from '../src/chain/send';
import ActivityPage from '../src/features/activity/activity-page';
import { type Order, useHire } from '../src/features/hire/use-hire';
import JobPage from '../src/features/jobs/job-page';
import JobsPage from '../src/features/jobs/jobs-page';
import SettingsPage from '../src/features/settings/settings-page';
import { jobEscrowAbi, testDollarAbi } from '../src/generated/contracts';
import { generationOf, newestGeneration, setDeployment } from '../src/lib/deployment';
import { type JobName, jobAt, jobCalled, jobIn } from '../src/lib/job-name';
import type { JobAction } from '../src/lib/roles';
import { type TxRecord, transactionStore } from '../src/lib/transactions';
import { CLIENT, FakeMarket, FILE_SHA256, moved, older } from './fake-market';
import { deployment } from './setup';

const OLD = older.contracts;
const NEW = moved.contracts;
const UNKNOWN_ESCROW = '0xcccccccccccccccccccccccccccccccccccccccc';

const named = (reference: string): JobName => {
  const name = jobCalled(reference);
  if (!name) throw new Error(`There is no job ${reference}.`);
  return name;
};
const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
const wrapper = ({ children }: { children: ReactNode }) => (
  <QueryClientProvider client={queries}>{children}</QueryClientProvider>
);
const show = (page: ReactNode) => render(page, { wrapper });
const plain = (text: string | null) => (text ?? '').replace(/\s/g, ' ');

let market: FakeMarket;
const pathsOfJobs = () => new Set(market.paths.filter((path) => path.startsWith('/api/v1/jobs/')));
beforeEach(() => {
  setDeployment(moved);
  market = new FakeMarket();
});
afterEach(async () => {
  await market.leave();
  queries.clear();
  transactionStore.set([]);
  setDeployment(deployment);
});

describe('the name of a job', () => {
  it.each([
    ['7', '7', '2:7', NEW.JobEscrow],
    ['2:7', '7', '2:7', NEW.JobEscrow],
    ['1:7', '1:7', '1:7', OLD.JobEscrow],
  ])('%s is called %s and means %s', (said, reference, full, escrow) => {
    const name = named(said);
    expect([name.id, name.reference, name.full]).toEqual([7n, reference, full]);
    expect(name.generation.contracts.JobEscrow).toBe(escrow);
  });

  it.each(['0:7', '3:7', '1:', ':7', '1:7:7', '01:7', '1:0', '0', '', 'x', '1:x', ' 7', '1e3'])(
    'is not %j, and nobody is asked',
    async (reference) => {
      expect(jobCalled(reference)).toBeUndefined();
      show(<JobPage reference={reference} />);
      expect(screen.getByText('There is no job with this number')).toBeTruthy();
      expect([market.calls, market.paths]).toEqual([[], []]);
    },
  );

  it('is found by the escrow or the generation that a number came with', () => {
    expect(jobAt(OLD.JobEscrow, '7')?.full).toBe('1:7');
    expect(jobIn(2, '7')?.reference).toBe('7');
    expect(jobAt(UNKNOWN_ESCROW, '7')).toBeUndefined();
    expect(jobIn(3, '7')).toBeUndefined();
    expect(jobAt(NEW.JobEscrow, 'nonsense')).toBeUndefined();
  });

  it('in a market that never moved is the plain number, also with its generation before it', () => {
    setDeployment(deployment);
    expect(['7', '1:7'].map((said) => named(said).reference)).toEqual(['7', '7']);
    expect(jobCalled('2:7')).toBeUndefined();
  });
});

describe('what is signed', () => {
  const ACTIONS: JobAction[] = ['accept', 'noShow', 'refund', 'decline', 'cancelOpen', 'settle'];

  it.each(ACTIONS.flatMap((action) => [['1:7', action] as const, ['7', action] as const]))(
    'for %s to %s goes to the contracts of that very job',
    (reference, action) => {
      const contracts = reference === '7' ? NEW : OLD;
      const call = actionCall(action, named(reference));
      expect(call.address).toBe(action === 'settle' ? contracts.ResultOracle : contracts.JobEscrow);
      expect(call.args.flat()[0]).toBe(7n);
    },
  );

  it('for a hire goes to the newest contracts alone', () => {
    expect(approveCall(5n)).toMatchObject({ address: moved.token.address, args: [NEW.JobEscrow, 5n] });
    expect(hireCall({ budget: 5n } as Parameters<typeof hireCall>[0]).address).toBe(NEW.JobEscrow);
  });

  it('to fetch waiting money names the escrow and token it waits in', () => {
    const left = generationOf(OLD.JobEscrow) ?? newestGeneration();
    expect(withdrawCall(left, 5n)).toMatchObject({ address: OLD.JobEscrow, args: [older.token.address] });
  });
});

describe('what was refused', () => {
  const data = encodeErrorResult({
    abi: testDollarAbi,
    errorName: 'ERC20InsufficientBalance',
    args: [CLIENT, 1_000_000n, 2_500_000n],
  });

  it.each(
    (['trial', 'wallet', 'block'] as const).flatMap((at) => [
      { at, escrow: OLD.JobEscrow, unit: 'oUSD' },
      { at, escrow: NEW.JobEscrow, unit: 'tUSD' },
    ]),
  )('in the $at is told in the money of the contracts that refused ($unit)', async ({ at, escrow, unit }) => {
    await market.connect();
    market.refusal = { at, data };
    const end = await send(
      CLIENT,
      withdrawCall(generationOf(escrow) ?? newestGeneration(), 5n),
      () => undefined,
    );
    expect(end.stage).toBe(at === 'block' ? 'reverted' : 'refused');
    const said = 'error' in end ? plain(end.error.sentence) : '';
    expect(said).toBe(`You have 1.00 ${unit}, but 2.50 ${unit} is needed.`);
  });
});

describe('a hire', () => {
  const order = {
    listing: {
      service_type: 'inspect-image',
      listing_id: '1',
      agent_id: '0',
      wallet: CLIENT,
      policy_id: 1,
      price: '1',
      work_seconds: 60,
    },
    ...{ tailSeconds: 1, settings: {}, note: '', input: { file: new File(['x'], 'x'), sha256: FILE_SHA256 } },
  } as unknown as Order;
  const beforeMove = { ...deployment, ...older };
  const start = async () => {
    await market.connect();
    const { result } = renderHook(() => useHire(() => undefined), { wrapper });
    await act(() => result.current.start(CLIENT, order));
    return result.current;
  };

  it('locks the pay in the newest contracts', async () => {
    const { fault } = await start();
    expect(fault).toBeUndefined();
    expect(market.sent.map((sent) => sent.to)).toEqual([moved.token.address, NEW.JobEscrow]);
  });

  it('from a tab that is older than the last move is refused before anything is signed', async () => {
    setDeployment(beforeMove);
    const { fault } = await start();
    expect(fault?.sentence).toBe('This market has moved to new contracts since you opened this page.');
    expect(market.sent).toEqual([]);
  });

  it('locks no pay when the market moves while the payment is being allowed', async () => {
    setDeployment(beforeMove);
    market.served = () => (market.sent.length === 0 ? beforeMove : moved);
    const { fault } = await start();
    expect(fault?.mend).toBe('No pay was locked. Reload the page and hire from there.');
    expect(market.sent.map((sent) => sent.to)).toEqual([older.token.address]);
  });
});

describe('the page of a job', () => {
  it('of older contracts is read from them and from the index by its whole name', async () => {
    show(<JobPage reference="1:7" />);
    await screen.findByText('This job is in older contracts of this market (generation 1)');
    await waitFor(() => expect(market.calls.map((call) => call.functionName)).toContain('policyOf'));
    const asked = market.calls.filter((call) => ['jobOf', 'policyOf', 'tailOf'].includes(call.functionName));
    expect(new Set(asked.map((call) => call.to))).toEqual(new Set([OLD.JobEscrow]));
    const judged = market.calls.filter((call) => ['verdictOf', 'settleableAt'].includes(call.functionName));
    expect(new Set(judged.map((call) => call.to))).toEqual(new Set([OLD.ResultOracle]));
    expect(pathsOfJobs()).toEqual(new Set(['/api/v1/jobs/1:7']));
  });

  it('says what its agent holds of the token that this job is paid in, also beside a job of another token', async () => {
    show(<JobPage reference="1:7" />);
    show(<JobPage reference="7" />);
    const held = () =>
      [...document.querySelectorAll('[data-agent-balance]')].map((line) => plain(line.textContent));
    await waitFor(() =>
      expect(held()).toEqual([
        'The agent’s wallet now holds 9.00 oUSD',
        'The agent’s wallet now holds 1.25 tUSD',
      ]),
    );
  });

  it.each([
    ['1:7', OLD.JobEscrow, '1:7', '3.72 oUSD'],
    ['7', NEW.JobEscrow, '7', '2.375 tUSD'],
    ['2:7', NEW.JobEscrow, '7', '2.375 tUSD'],
  ])('%s is accepted at its own escrow, for what its own terms say', async (said, escrow, reference, pay) => {
    await market.connect();
    show(<JobPage reference={said} />);
    fireEvent.click(await screen.findByRole('button', { name: 'Accept and pay' }));
    const offer = screen.getByText(/release .* to the agent now/);
    await waitFor(() => expect(plain(offer.textContent)).toContain(`release ${pay} `));
    await waitFor(() => expect(transactionStore.get()[0]?.state).toBe('confirmed'));
    const [sent, ...more] = market.sent;
    expect(more).toEqual([]);
    expect(sent?.to).toBe(escrow);
    expect(decodeFunctionData({ abi: jobEscrowAbi, data: sent?.data ?? '0x' })).toEqual({
      functionName: 'accept',
      args: [7n],
    });
    expect(transactionStore.get()[0]).toMatchObject({ escrow, jobId: '7' });
    expect(pathsOfJobs()).toEqual(new Set([`/api/v1/jobs/${named(said).full}`]));
    show(<ActivityPage />);
    expect(screen.getByRole('link', { name: `Job ${reference}` }).getAttribute('href')).toBe(
      `/jobs/${reference}`,
    );
  });
});

describe('lists', () => {
  const links = () => screen.getAllByRole('link').map((link) => link.getAttribute('href'));
  const record = (patch: Partial<TxRecord>): TxRecord => ({
    hash: '0x01',
    kind: 'hire',
    from: CLIENT,
    to: OLD.JobEscrow,
    data: '0x',
    chainId: deployment.chainId,
    escrow: OLD.JobEscrow,
    state: 'confirmed',
    sentAt: 1,
    sinceBlock: 1,
    jobId: '7',
    ...patch,
  });

  it('of what was sent lead to the job of then, though the market has moved on since', () => {
    const shared = { hash: '0x02', escrow: UNKNOWN_ESCROW } as const;
    transactionStore.set([record({}), record(shared), record({ hash: '0x03', jobId: 'nonsense' })]);
    show(<ActivityPage />);
    expect(screen.getAllByRole('listitem')).toHaveLength(2);
    expect(links()).toEqual(['/jobs/1:7']);
  });

  it('of jobs lead to each by its own name, and leave out contracts that this tab has not heard of', async () => {
    market.listed = [3, 2, 1].map((generation) => ({ generation, job_id: '7', budget: '1', status: 'open' }));
    await market.connect();
    show(<JobsPage />);
    await screen.findByRole('link', { name: /Job 1:7/ });
    expect(links()).toEqual(['/jobs/7', '/jobs/1:7']);
  });

  it('of jobs without the index have those of every generation', async () => {
    market.isIndexDown = true;
    await market.connect();
    show(<JobsPage />);
    await screen.findByRole('link', { name: /Job 7/ });
    expect(links()).toEqual(['/jobs/7', '/jobs/1:7']);
  });

  it('of contracts name those of every generation, so that a signature can be compared', () => {
    show(<SettingsPage />);
    expect(screen.getByText('Older contracts (generation 1)')).toBeTruthy();
    for (const escrow of [OLD.JobEscrow, NEW.JobEscrow]) expect(screen.getByTitle(escrow)).toBeTruthy();
  });

  it('of waiting money ask every escrow, and each pays out its own', async () => {
    market.isCreditWaiting = true;
    await market.connect();
    show(<JobsPage />);
    const notice = await screen.findByText(/is waiting for you in an older escrow/);
    expect(plain(notice.textContent)).toContain('3.00 oUSD');
    fireEvent.click(screen.getByRole('button', { name: 'Send it to my wallet' }));
    await waitFor(() => expect(transactionStore.get()[0]?.state).toBe('confirmed'));
    expect(market.sent.map((sent) => sent.to)).toEqual([OLD.JobEscrow]);
  });
});
