import { type MessageKey, t } from '../../i18n';
import type { ApiProgress } from '../../lib/api';
import type { Token } from '../../lib/deployment';
import { formatMoney } from '../../lib/format';
import { type Job, type JobEvent, toUnits } from '../../lib/job';
import { Section } from '../../ui/page';
import { Code, Moment } from '../../ui/values';

/** Notes of one second come before the events of the block that they led to. */
const NOTES_FIRST = 1000;

type Entry = { key: string; at: number; order: number; text: string; hash?: string };

const SHOWN: Record<string, MessageKey> = {
  JobFunded: 'event.JobFunded',
  JobSubmitted: 'event.JobSubmitted',
  VerdictPosted: 'event.VerdictPosted',
  JobRejected: 'event.JobRejected',
  JobExpired: 'event.JobExpired',
  PaymentReleased: 'event.PaymentReleased',
  Refunded: 'event.Refunded',
};

const STAGES: Record<string, MessageKey> = {
  started: 'stage.started',
  stored: 'stage.stored',
  delivering: 'stage.delivering',
  declined: 'stage.declined',
  frozen: 'stage.frozen',
  checked: 'stage.checked',
  verdict: 'stage.verdict',
  quorum: 'stage.quorum',
  abstained: 'stage.abstained',
};

/** Everything that happened, newest first: facts of the chain with their transaction, and the agent's own notes. */
export function Timeline({ job, isIndexing }: { job: Job; isIndexing: boolean }) {
  const entries = foldRepeats(
    [
      ...job.events.flatMap((event) => eventEntry(event, job.name.generation.token)),
      ...job.progress.map(progressEntry),
    ].sort((a, b) => b.at - a.at || b.order - a.order),
  );
  return (
    <Section title={t('timeline.title')}>
      {isIndexing && (
        <p role="status" className="mb-2 text-small text-muted">
          {t('timeline.indexing')}
        </p>
      )}
      {entries.length === 0 ? (
        !isIndexing && <p className="text-muted">{t('timeline.none')}</p>
      ) : (
        <ol className="card divide-y divide-line" data-timeline>
          {entries.map((entry) => (
            <li
              key={entry.key}
              className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-4 py-2.5 text-small"
            >
              <span className="w-24 shrink-0 whitespace-nowrap text-muted">
                <Moment at={entry.at} />
              </span>
              <span className="min-w-0 flex-1 basis-48">
                {entry.count > 1
                  ? t('timeline.repeated', { text: entry.text, count: entry.count })
                  : entry.text}
              </span>
              {entry.hash && <Code value={entry.hash} label={t('tx.hash')} />}
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}

/** Neighbours with the same words become one line with their number: three reporters, one line. */
function foldRepeats(entries: readonly Entry[]): (Entry & { count: number })[] {
  const folded: (Entry & { count: number })[] = [];
  for (const entry of entries) {
    const last = folded.at(-1);
    if (last && !entry.hash && !last.hash && last.text === entry.text) last.count += 1;
    else folded.push({ ...entry, count: 1 });
  }
  return folded;
}

function eventEntry(event: JobEvent, { decimals, symbol }: Token): Entry[] {
  const key = SHOWN[event.name];
  if (!key) return [];
  const { amount, score } = event.args;
  return [
    {
      key: `${event.tx_hash}-${event.log_index}`,
      at: event.at,
      order: event.log_index,
      text: t(key, {
        amount: amount === undefined ? '' : formatMoney(toUnits(amount), decimals, symbol),
        score: String(score ?? ''),
      }),
      hash: event.tx_hash,
    },
  ];
}

function progressEntry(note: ApiProgress, index: number): Entry {
  const key = STAGES[note.stage];
  return {
    key: `note-${index}`,
    at: Math.floor(note.at),
    order: index - NOTES_FIRST,
    text: key ? t(key, { detail: note.detail }) : [note.stage, note.detail].filter(Boolean).join(': '),
  };
}
