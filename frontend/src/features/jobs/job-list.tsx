import { ChevronRight } from 'lucide-react';
import { Link } from 'wouter';
import { t } from '../../i18n';
import type { Job } from '../../lib/job';
import { useChainNow } from '../../lib/live';
import { StatePill } from '../../ui/state-pill';
import { Ago, Deadline, Money } from '../../ui/values';

/** One line per job; the whole line leads to the job. */
export function JobList({ jobs }: { jobs: readonly Job[] }) {
  return (
    <ul className="card divide-y divide-line">
      {jobs.map((job) => (
        <li key={job.name.full} className="relative transition-colors duration-[120ms] hover:bg-raised/60">
          <div className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 sm:grid-cols-[11rem_9rem_1fr_auto_1rem]">
            <Link
              href={`/jobs/${job.name.reference}`}
              className="font-medium after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:outline-accent"
            >
              {t('job.title', { id: job.name.reference })}
              {job.agentId !== undefined && (
                <span className="block text-small font-normal text-muted">
                  {job.agentName || t('agent.unnamed', { id: job.agentId })}
                </span>
              )}
            </Link>
            <span className="max-sm:justify-self-end">
              <StatePill state={job.status} />
            </span>
            <span className="text-small text-muted">
              <Next job={job} />
            </span>
            <Money
              units={job.budget}
              decimals={job.name.generation.token.decimals}
              symbol={job.name.generation.token.symbol}
              className="justify-self-end font-medium"
            />
            <ChevronRight aria-hidden className="size-4 text-muted max-sm:hidden" />
          </div>
        </li>
      ))}
    </ul>
  );
}

/** The next date that matters for a running job, the age of one that has ended. */
function Next({ job }: { job: Job }) {
  const now = useChainNow();
  if (job.status === 'funded')
    return now > job.workBy ? (
      t('jobs.late')
    ) : (
      <>
        {t('jobs.dueBy')} <Deadline at={job.workBy} />
      </>
    );
  if (job.status === 'submitted') return <>{t(job.verdict ? 'jobs.toReview' : 'jobs.checking')}</>;
  const at = job.settledAt ?? job.createdAt;
  return at ? <Ago at={at} /> : null;
}
