import { useQuery } from '@tanstack/react-query';
import { CircleCheck, CircleX } from 'lucide-react';
import { t } from '../../i18n';
import { fetchChecked, readJsonObject } from '../../lib/artifacts';
import { rawCidOf } from '../../lib/cid';
import type { Job, Verdict } from '../../lib/job';
import { Section } from '../../ui/page';
import { Code, Moment } from '../../ui/values';
import { parseReport, type ReportCheck } from './result';

/** The reporters' word: score against the pass mark, who signed, and the report behind the signed hash. */
export function VerdictPanel({ job, verdict, passMark }: { job: Job; verdict: Verdict; passMark: number }) {
  const isPass = verdict.score >= passMark;
  const Icon = isPass ? CircleCheck : CircleX;
  const total = job.name.generation.reporters.length;
  return (
    <Section title={t('verdict.title')}>
      <div className="card p-4" data-verdict={isPass ? 'pass' : 'fail'}>
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Icon aria-hidden className={isPass ? 'size-5 text-good' : 'size-5 text-bad'} />
          <p className="font-medium">
            {t(isPass ? 'verdict.pass' : 'verdict.fail', { score: verdict.score, mark: passMark })}
          </p>
          <span className="ml-auto text-small text-muted">
            <Moment at={verdict.postedAt} />
          </span>
        </div>
        {verdict.reportHash && <Report hash={verdict.reportHash} />}
        {verdict.signers.length > 0 && (
          <div className="mt-3 border-t border-line pt-3">
            <p className="mb-1 text-small text-muted">
              {t('verdict.signers', {
                count: verdict.signers.length,
                total: Math.max(total, verdict.signers.length),
              })}
            </p>
            <ul className="grid gap-0.5">
              {verdict.signers.map((signer) => (
                <li key={signer}>
                  <Code value={signer} label={t('verdict.reporter')} />
                </li>
              ))}
            </ul>
          </div>
        )}
        {job.isHouseJob && <p className="mt-3 text-small text-muted">{t('verdict.how')}</p>}
      </div>
    </Section>
  );
}

function Report({ hash }: { hash: `0x${string}` }) {
  const cid = rawCidOf(hash);
  const report = useQuery({
    queryKey: ['artifact', cid],
    queryFn: ({ signal }) => fetchChecked(cid, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: 1,
  });
  const parsed =
    report.data?.proof === 'matches' ? parseReport(readJsonObject(report.data.bytes)) : undefined;
  if (!parsed) return null;
  const failed = parsed.checks.filter((check) => !check.passed);
  return (
    <div className="mt-3 grid gap-2 text-small">
      {failed.length > 0 && <Checks checks={failed} />}
      <details>
        <summary className="cursor-pointer text-muted hover:text-ink">
          {t('verdict.checks', {
            passed: parsed.checks.length - failed.length,
            count: parsed.checks.length,
          })}
        </summary>
        <div className="mt-2" data-checks>
          <Checks checks={parsed.checks} />
        </div>
      </details>
    </div>
  );
}

function Checks({ checks }: { checks: readonly ReportCheck[] }) {
  return (
    <ul className="grid gap-1">
      {checks.map((check) => (
        <li key={check.name} className="flex items-start gap-2">
          {check.passed ? (
            <CircleCheck aria-hidden className="mt-px size-4 shrink-0 text-good" />
          ) : (
            <CircleX aria-hidden className="mt-px size-4 shrink-0 text-bad" />
          )}
          <span>
            <span className="font-medium">{check.name}</span>
            <span className="sr-only">
              {' '}
              {t(check.passed ? 'verdict.check.passed' : 'verdict.check.failed')}
            </span>
            {check.detail && <span className="text-muted">: {check.detail}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
