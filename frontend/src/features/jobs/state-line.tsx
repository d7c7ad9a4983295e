import clsx from 'clsx';
import { Check, X } from 'lucide-react';
import { t } from '../../i18n';
import type { Job } from '../../lib/job';
import { Deadline, Moment } from '../../ui/values';
import { type Station, stationsOf } from './progress';

/** Where the job is: funded, delivered, checked, paid; with the time of what was and the deadline of what comes. */
export function StateLine({
  job,
  verdictSeconds,
  passMark,
}: {
  job: Job;
  verdictSeconds: number;
  passMark: number;
}) {
  const stations = stationsOf(job, verdictSeconds, passMark);
  return (
    <ol
      className="card grid gap-y-4 p-4 sm:auto-cols-fr sm:grid-flow-col sm:gap-x-2"
      aria-label={t('progress.title')}
    >
      {stations.map((station, index) => (
        <li
          key={station.name}
          aria-current={station.state === 'current' ? 'step' : undefined}
          data-station={`${station.name}:${station.state}`}
          className="relative grid grid-cols-[1.5rem_1fr] content-start gap-x-3 sm:grid-cols-1 sm:gap-y-2"
        >
          {index > 0 && (
            <span
              aria-hidden
              className={clsx(
                'absolute max-sm:-top-4 max-sm:left-[11px] max-sm:h-4 max-sm:w-0.5 sm:top-[11px] sm:right-full sm:h-0.5 sm:w-[calc(100%-1.5rem)]',
                station.state === 'ahead' ? 'bg-line' : 'bg-accent',
              )}
            />
          )}
          <Dot state={station.state} />
          <div className="min-w-0">
            <p className={clsx('text-small font-medium', station.state === 'ahead' && 'text-muted')}>
              {nameOf(station, job)}
            </p>
            <p className="text-small text-muted">
              {station.at && station.state !== 'ahead' ? (
                <Moment at={station.at} />
              ) : station.due ? (
                <>
                  {t(`progress.due.${station.name}`)} <Deadline at={station.due} />
                </>
              ) : null}
            </p>
          </div>
        </li>
      ))}
    </ol>
  );
}

function nameOf(station: Station, job: Job): string {
  if (station.name === 'paid' && station.state === 'failed') return t('progress.refunded');
  if (station.name === 'delivered' && station.state === 'failed') return t('progress.notDelivered');
  if (station.name === 'checked' && station.state === 'failed') return t('progress.failedCheck');
  if (station.name === 'funded' && job.status === 'open') return t('progress.notFunded');
  if (station.state === 'current') return t(`progress.current.${station.name}`);
  return t(`progress.${station.name}`);
}

function Dot({ state }: { state: Station['state'] }) {
  return (
    <span
      aria-hidden
      className={clsx(
        'z-[1] grid size-6 place-items-center rounded-full border-2',
        state === 'done' && 'border-accent bg-accent text-on-accent',
        state === 'current' && 'border-accent bg-surface',
        state === 'ahead' && 'border-line bg-surface',
        state === 'failed' && 'border-warn bg-warn-soft text-warn',
      )}
    >
      {state === 'done' && <Check className="size-3.5" strokeWidth={3} />}
      {state === 'failed' && <X className="size-3.5" strokeWidth={3} />}
      {state === 'current' && (
        <span className="size-2 animate-pulse rounded-full bg-accent motion-reduce:animate-none" />
      )}
    </span>
  );
}
