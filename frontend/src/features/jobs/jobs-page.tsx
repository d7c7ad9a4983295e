import { useQuery } from '@tanstack/react-query';
import { BriefcaseBusiness, Wallet } from 'lucide-react';
import type { ReactNode } from 'react';
import '../../i18n/chain-words';
import { withdrawCall } from '../../chain/calls';
import { readJob, readJobsOf } from '../../chain/job-reads';
import { type Credit, useCredits } from '../../chain/money';
import { TxStatus } from '../../chain/tx-status';
import { useSend } from '../../chain/use-send';
import { openConnect, useWallet } from '../../chain/wallet';
import { t } from '../../i18n';
import { type ApiJob, type Page as ApiPage, apiGet } from '../../lib/api';
import type { Address } from '../../lib/deployment';
import { formatMoney } from '../../lib/format';
import { type Job, mergeJob } from '../../lib/job';
import { jobIn } from '../../lib/job-name';
import { useChainNow } from '../../lib/live';
import { needsAction } from '../../lib/roles';
import { useSearchState } from '../../lib/search';
import { Button, ButtonLink } from '../../ui/button';
import { Page } from '../../ui/page';
import { Empty, Failed, LoadingRows, Notice } from '../../ui/states';
import { factsOf } from './actions';
import { JobList } from './job-list';

const SPEC = { view: ['mine', 'all'] } as const;
const FALLBACK_LIMIT = 50;
const PAGE_SIZE = '100';

export default function JobsPage() {
  const [{ view }, setSearch] = useSearchState(SPEC);
  const wallet = useWallet();
  return (
    <Page
      title={t('jobs.title')}
      intro={t('jobs.intro')}
      isWide
      aside={
        <fieldset
          aria-label={t('jobs.view')}
          className="flex rounded-control border border-line-strong p-0.5"
        >
          {SPEC.view.map((choice) => (
            <button
              key={choice}
              type="button"
              aria-pressed={view === choice}
              onClick={() => setSearch({ view: choice })}
              className="min-h-8 rounded-[4px] px-3 text-small font-medium text-muted transition-colors duration-[120ms] hover:text-ink aria-pressed:bg-accent-soft aria-pressed:text-accent pointer-coarse:min-h-10"
            >
              {t(`jobs.view.${choice}`)}
            </button>
          ))}
        </fieldset>
      }
    >
      {wallet.address && <Credits account={wallet.address} />}
      {view === 'all' ? (
        <Jobs account={undefined} />
      ) : wallet.address ? (
        <Jobs account={wallet.address} />
      ) : wallet.isConnecting ? (
        <LoadingRows />
      ) : (
        <Empty
          icon={<Wallet aria-hidden />}
          title={t('jobs.noWallet.title')}
          action={
            <>
              <Button variant="primary" onClick={openConnect}>
                {t('wallet.connect')}
              </Button>
              <Button onClick={() => setSearch({ view: 'all' })}>{t('jobs.noWallet.all')}</Button>
            </>
          }
        >
          {t('jobs.noWallet.text')}
        </Empty>
      )}
    </Page>
  );
}

function Jobs({ account }: { account: Address | undefined }) {
  const now = useChainNow();
  const jobs = useQuery({
    queryKey: ['jobs', account ?? 'all'],
    queryFn: async ({ signal }) => {
      try {
        return await fromIndex(account, signal);
      } catch (error) {
        if (!account) throw error;
        return fromChain(account);
      }
    },
    refetchInterval: 10_000,
  });
  if (jobs.isPending) return <LoadingRows />;
  if (jobs.isError) return <Failed error={jobs.error} onRetry={() => void jobs.refetch()} />;
  if (jobs.data.length === 0)
    return (
      <Empty
        icon={<BriefcaseBusiness aria-hidden />}
        title={t(account ? 'jobs.none.title' : 'jobs.noneAtAll.title')}
        action={
          <ButtonLink href="/" variant="primary">
            {t('jobs.none.action')}
          </ButtonLink>
        }
      >
        {t(account ? 'jobs.none.text' : 'jobs.noneAtAll.text')}
      </Empty>
    );
  const waiting = account ? jobs.data.filter((job) => needsAction('client', factsOf(job, now))) : [];
  const others = jobs.data.filter((job) => !waiting.includes(job));
  return (
    <div className="grid gap-8">
      {waiting.length > 0 && (
        <Group title={t('jobs.waiting')}>
          <JobList jobs={waiting} />
        </Group>
      )}
      {others.length > 0 && (
        <Group title={waiting.length > 0 ? t('jobs.others') : undefined}>
          <JobList jobs={others} />
        </Group>
      )}
    </div>
  );
}

function Group({ title, children }: { title: string | undefined; children: ReactNode }) {
  return (
    <section>
      {title && <h2 className="mb-3">{title}</h2>}
      {children}
    </section>
  );
}

/** Money that a payout could not deliver waits in its escrow under its owner's name. */
function Credits({ account }: { account: Address }) {
  const { data: credits = [] } = useCredits(account);
  return credits.map((credit) => (
    <CreditOf key={credit.generation.number} account={account} credit={credit} />
  ));
}

function CreditOf({ account, credit }: { account: Address; credit: Credit }) {
  const { state, isBusy, run, reset } = useSend();
  const { generation, amount } = credit;
  const { decimals, symbol } = generation.token;
  if (amount === 0n && state.stage === 'idle') return null;
  return (
    <div className="mb-6 grid gap-3">
      {amount > 0n && (
        <Notice
          title={t(generation.isNewest ? 'jobs.credit' : 'jobs.credit.older', {
            amount: formatMoney(amount, decimals, symbol),
            generation: generation.number,
          })}
        >
          <div className="mt-2">
            <Button isBusy={isBusy} onClick={() => void run(account, withdrawCall(generation, amount))}>
              {t('jobs.credit.withdraw')}
            </Button>
          </div>
        </Notice>
      )}
      <TxStatus state={state} onDismiss={reset} />
    </div>
  );
}

async function fromIndex(account: Address | undefined, signal: AbortSignal): Promise<Job[]> {
  const page = await apiGet<ApiPage<ApiJob>>('/jobs', { client: account, limit: PAGE_SIZE }, signal);
  return page.items.flatMap((api) => {
    const name = jobIn(api.generation, api.job_id);
    return (name && mergeJob(name, { api })) ?? [];
  });
}

async function fromChain(account: Address): Promise<Job[]> {
  const names = (await readJobsOf(account)).slice(0, FALLBACK_LIMIT);
  const found = await Promise.all(names.map(async (name) => mergeJob(name, { chain: await readJob(name) })));
  return found.filter((job) => job !== undefined);
}
