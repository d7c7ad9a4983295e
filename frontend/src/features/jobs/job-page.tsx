import { useQuery } from '@tanstack/react-query';
import { ShieldOff } from 'lucide-react';
import { Link } from 'wouter';
import '../../i18n/chain-words';
import { usePolicy } from '../../chain/policy';
import { t } from '../../i18n';
import { type ApiAgent, apiGet } from '../../lib/api';
import type { Job } from '../../lib/job';
import { type JobName, jobCalled } from '../../lib/job-name';
import { ButtonLink } from '../../ui/button';
import { Facts, Page, Section } from '../../ui/page';
import { StatePill } from '../../ui/state-pill';
import { Empty, Failed, LoadingRows, Notice } from '../../ui/states';
import { Code } from '../../ui/values';
import { Actions } from './actions';
import { MoneyPanel } from './money-panel';
import { ResultPanel } from './result-panel';
import { StateLine } from './state-line';
import { Timeline } from './timeline';
import { useJob } from './use-job';
import { VerdictPanel } from './verdict-panel';

/** `reference` is what stands in the address: `7`, or `1:7` with the generation of its contracts. */
export default function JobPage({ reference }: { reference: string }) {
  const name = jobCalled(reference);
  if (name) return <Named name={name} />;
  return (
    <Page title={t('job.title', { id: reference })}>
      <Unknown />
    </Page>
  );
}

function Named({ name }: { name: JobName }) {
  const read = useJob(name);
  if (!read.job)
    return (
      <Page title={t('job.title', { id: name.reference })}>
        {read.isUnknown ? (
          <Unknown />
        ) : read.isPending ? (
          <LoadingJob />
        ) : (
          <Failed error={read.error} onRetry={read.retry} />
        )}
      </Page>
    );
  return <Loaded job={read.job} isIndexing={read.isIndexing} isChainDown={read.isChainDown} />;
}

function Unknown() {
  return (
    <Empty
      title={t('job.unknown.title')}
      action={<ButtonLink href="/jobs">{t('job.unknown.back')}</ButtonLink>}
    >
      {t('job.unknown.text')}
    </Empty>
  );
}

function Loaded({ job, isIndexing, isChainDown }: { job: Job; isIndexing: boolean; isChainDown: boolean }) {
  const { reference, generation } = job.name;
  const chainPolicy = usePolicy(generation, job.policyId);
  const policy = chainPolicy.data ?? generation.policy;
  return (
    <Page
      title={t('job.title', { id: reference })}
      isWide
      heading={
        <span className="flex flex-wrap items-center gap-3">
          {t('job.title', { id: reference })}
          <StatePill state={job.status} />
        </span>
      }
      intro={<Byline job={job} />}
    >
      <div className="grid gap-4">
        {isChainDown && <Notice tone="warn" title={t('job.chainDown')} />}
        {!job.isHouseJob && (
          <Notice tone="warn" title={t('job.unprotected')}>
            <span className="inline-flex items-center gap-1.5">
              <ShieldOff aria-hidden className="size-4" /> {t('job.unprotected.text')}
            </span>
          </Notice>
        )}
        <StateLine job={job} verdictSeconds={policy.verdictSeconds} passMark={policy.passMark} />
        {!generation.isNewest && (
          <Notice title={t('job.older', { generation: generation.number })}>{t('job.older.text')}</Notice>
        )}
        <Actions job={job} feeBps={policy.feeBps} passMark={policy.passMark} />
      </div>
      <div className="mt-8 grid gap-8 lg:grid-cols-[1fr_19rem] lg:grid-rows-[auto_1fr]">
        <div className="min-w-0">{job.submittedAt ? <ResultPanel job={job} /> : <NotYet job={job} />}</div>
        <div className="min-w-0 lg:col-start-2 lg:row-span-2">
          <MoneyPanel job={job} feeBps={policy.feeBps} />
          {job.verdict && <VerdictPanel job={job} verdict={job.verdict} passMark={policy.passMark} />}
          <Parties job={job} />
        </div>
        <div className="min-w-0 lg:col-start-1">
          <Timeline job={job} isIndexing={isIndexing} />
        </div>
      </div>
    </Page>
  );
}

/** As tall as what follows, so that nothing jumps when it comes. */
function LoadingJob() {
  return (
    <div className="grid gap-8">
      <LoadingRows count={1} height="h-32" />
      <LoadingRows count={1} height="h-[44rem]" />
    </div>
  );
}

function Byline({ job }: { job: Job }) {
  const agent = useQuery({
    queryKey: ['agent', job.agentId ?? ''],
    queryFn: ({ signal }) => apiGet<ApiAgent>(`/registry/agents/${job.agentId}`, {}, signal),
    enabled: job.agentId !== undefined,
    staleTime: 60_000,
  });
  if (!job.agentId) return <>{t('job.noAgent')}</>;
  return (
    <>
      {t('job.by')}{' '}
      <Link href={`/agents/${job.agentId}`} className="link">
        {agent.data?.name || t('agent.unnamed', { id: job.agentId })}
      </Link>
    </>
  );
}

/** Nothing delivered: what is going on, or why nothing will come. */
function NotYet({ job }: { job: Job }) {
  const key =
    job.status === 'funded' ? 'job.working' : job.status === 'open' ? 'job.waiting' : 'job.nothingDelivered';
  return (
    <Section title={t('result.title')}>
      <Empty title={t(`${key}.title`)}>{t(`${key}.text`)}</Empty>
    </Section>
  );
}

function Parties({ job }: { job: Job }) {
  const narrow = (label: string, value: string) =>
    [label, <Code key={label} value={value} label={label} />] as const;
  return (
    <Section title={t('parties.title')}>
      <Facts
        isNarrow
        rows={[
          narrow(t('parties.client'), job.client),
          narrow(t('parties.agent'), job.provider),
          narrow(t('parties.judge'), job.evaluator),
          narrow(t('parties.escrow'), job.name.generation.contracts.JobEscrow),
          job.requestCid !== undefined && narrow(t('parties.request'), job.requestCid),
        ]}
      />
    </Section>
  );
}
