import { useQuery } from '@tanstack/react-query';
import clsx from 'clsx';
import { ShieldCheck, ShieldQuestion, ShieldX } from 'lucide-react';
import { useEffect, useState } from 'react';
import { t, tn } from '../../i18n';
import { artifactUrl } from '../../lib/api';
import { type CheckedBytes, fetchChecked, type Proof, readJsonObject } from '../../lib/artifacts';
import { formatConfidence } from '../../lib/format';
import type { Job } from '../../lib/job';
import { Section } from '../../ui/page';
import { Failed, LoadingRows, Notice } from '../../ui/states';
import { Code } from '../../ui/values';
import { QuotedPanel } from './quoted-panel';
import { parseResult, type ResultDocument } from './result';

type Shape = { kind: 'object' | 'text'; index: number } | undefined;

/** What was delivered, shown only beside the answer to "is this what the chain says?". */
export function ResultPanel({ job }: { job: Job }) {
  const cid = job.resultCid ?? '';
  const result = useQuery({
    queryKey: ['artifact', cid],
    queryFn: ({ signal }) => fetchChecked(cid, signal),
    enabled: cid !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Section title={t('result.title')}>
      {result.isPending ? (
        <LoadingRows count={1} height="h-[44rem]" />
      ) : result.isError ? (
        <>
          <Failed error={result.error} onRetry={() => void result.refetch()} />
          <p className="mt-2 text-small text-muted">{t('result.stillOnChain')}</p>
          {job.deliverable && <Code value={job.deliverable} label={t('result.digest')} />}
        </>
      ) : (
        <Delivered job={job} checked={result.data} />
      )}
    </Section>
  );
}

function Delivered({ job, checked }: { job: Job; checked: CheckedBytes }) {
  const document = parseResult(readJsonObject(checked.bytes));
  const annotatedCid = document?.annotated?.cid ?? '';
  const picture = useQuery({
    queryKey: ['artifact', annotatedCid],
    queryFn: ({ signal }) => fetchChecked(annotatedCid, signal),
    enabled: annotatedCid !== '',
    staleTime: Number.POSITIVE_INFINITY,
  });
  const documentProof: Proof = checked.digest === job.deliverable ? 'matches' : 'differs';
  return (
    <div className="grid gap-4">
      <ul className="grid gap-1.5" data-proofs>
        <ProofLine
          proof={documentProof}
          text={t(
            documentProof === 'differs'
              ? 'proof.document.differs'
              : job.isDeliverableFromChain
                ? 'proof.document.matches'
                : 'proof.document.index',
          )}
        />
        {annotatedCid !== '' && (
          <ProofLine
            proof={picture.data?.proof}
            text={t(
              picture.isError
                ? 'proof.picture.missing'
                : picture.data
                  ? `proof.picture.${picture.data.proof}`
                  : 'proof.picture.loading',
            )}
          />
        )}
      </ul>
      {documentProof === 'differs' && (
        <Notice tone="bad" role="alert" title={t('proof.warning.title')}>
          {t('proof.warning.text')}
        </Notice>
      )}
      {document?.quoted ? (
        <QuotedPanel quoted={document.quoted} />
      ) : document ? (
        <Findings document={document} picture={picture.data} />
      ) : (
        <Notice tone="warn" title={t('result.unreadable')}>
          <a className="link" href={artifactUrl(job.resultCid ?? '')}>
            {t('result.raw')}
          </a>
        </Notice>
      )}
      {document && <Evidence job={job} document={document} />}
    </div>
  );
}

function ProofLine({ proof, text }: { proof: Proof | undefined; text: string }) {
  const Icon = proof === 'matches' ? ShieldCheck : proof === 'differs' ? ShieldX : ShieldQuestion;
  const colour = proof === 'matches' ? 'text-good' : proof === 'differs' ? 'text-bad' : 'text-muted';
  return (
    <li className="flex items-start gap-2 text-small" data-proof={proof ?? 'pending'}>
      <Icon aria-hidden className={clsx('mt-px size-[18px] shrink-0', colour)} />
      {text}
    </li>
  );
}

function Findings({ document, picture }: { document: ResultDocument; picture: CheckedBytes | undefined }) {
  const [pointed, setPointed] = useState<Shape>();
  const [pinned, setPinned] = useState<Shape>();
  const shown = pointed ?? pinned;
  return (
    <div className="card overflow-hidden">
      {document.annotated && <Picture document={document} picture={picture} shown={shown} />}
      <div className="grid divide-line max-sm:divide-y sm:grid-cols-2 sm:divide-x">
        <div className="p-4">
          <h3 className="mb-2 text-small font-semibold">{tn('result.objects', document.objects.length)}</h3>
          {document.objects.length === 0 ? (
            <p className="text-small text-muted">{t('result.objects.none')}</p>
          ) : (
            <ul className="-mx-2 max-h-72 overflow-y-auto" data-objects>
              {document.objects.map((found, index) => (
                <Row
                  // biome-ignore lint/suspicious/noArrayIndexKey: a delivered list never changes its order
                  key={index}
                  isPinned={isSame(pinned, 'object', index)}
                  onPin={() =>
                    setPinned(isSame(pinned, 'object', index) ? undefined : { kind: 'object', index })
                  }
                  onPoint={(isOn) => setPointed(isOn ? { kind: 'object', index } : undefined)}
                  text={found.label}
                  score={found.score}
                />
              ))}
            </ul>
          )}
        </div>
        <div className="p-4">
          <h3 className="mb-2 text-small font-semibold">{tn('result.lines', document.text.length)}</h3>
          {document.text.length === 0 ? (
            <p className="text-small text-muted">{t('result.lines.none')}</p>
          ) : (
            <ul className="-mx-2 max-h-72 overflow-y-auto" data-lines>
              {document.text.map((line, index) => (
                <Row
                  // biome-ignore lint/suspicious/noArrayIndexKey: a delivered list never changes its order
                  key={index}
                  isPinned={isSame(pinned, 'text', index)}
                  onPin={() => setPinned(isSame(pinned, 'text', index) ? undefined : { kind: 'text', index })}
                  onPoint={(isOn) => setPointed(isOn ? { kind: 'text', index } : undefined)}
                  text={line.text}
                  score={line.score}
                />
              ))}
            </ul>
          )}
        </div>
      </div>
    </div>
  );
}

const isSame = (shape: Shape, kind: 'object' | 'text', index: number): boolean =>
  shape?.kind === kind && shape.index === index;

/** A found thing; pointing at it marks its place in the picture, pressing it keeps the mark. */
function Row({
  isPinned,
  onPin,
  onPoint,
  text,
  score,
}: {
  isPinned: boolean;
  onPin: () => void;
  onPoint: (isOn: boolean) => void;
  text: string;
  score: number;
}) {
  return (
    <li>
      <button
        type="button"
        aria-pressed={isPinned}
        onClick={onPin}
        onMouseEnter={() => onPoint(true)}
        onMouseLeave={() => onPoint(false)}
        className={clsx(
          'flex w-full items-baseline justify-between gap-3 rounded-control px-2 py-1.5 text-left text-small pointer-coarse:py-2.5',
          isPinned ? 'bg-accent-soft' : 'hover:bg-raised',
        )}
      >
        <span className="min-w-0">{text}</span>
        <span className="text-muted">{formatConfidence(score)}</span>
      </button>
    </li>
  );
}

function Picture({
  document,
  picture,
  shown,
}: {
  document: ResultDocument;
  picture: CheckedBytes | undefined;
  shown: Shape;
}) {
  const [url, setUrl] = useState<string>();
  const type = document.annotated?.mediaType ?? '';
  useEffect(() => {
    if (!picture || picture.proof === 'differs') return;
    const made = URL.createObjectURL(new Blob([picture.bytes], { type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [picture, type]);
  const hasSize = document.width > 0 && document.height > 0;
  return (
    <div className="border-b border-line bg-raised">
      <div
        className="relative mx-auto max-h-[34rem] max-w-full"
        style={hasSize ? { aspectRatio: `${document.width} / ${document.height}` } : undefined}
      >
        {url && (
          <img
            src={url}
            alt={t('result.picture', {
              objects: document.objects
                .slice(0, 5)
                .map((found) => found.label)
                .join(', '),
            })}
            className="size-full object-contain"
            data-annotated
          />
        )}
        {hasSize && shown && (
          <svg
            aria-hidden="true"
            viewBox={`0 0 ${document.width} ${document.height}`}
            className="absolute inset-0 size-full"
          >
            <Marked document={document} shown={shown} />
          </svg>
        )}
      </div>
    </div>
  );
}

function Marked({ document, shown }: { document: ResultDocument; shown: NonNullable<Shape> }) {
  const points =
    shown.kind === 'text'
      ? (document.text[shown.index]?.box ?? [])
      : cornersOf(document.objects[shown.index]?.box ?? [0, 0, 0, 0]);
  if (points.length === 0) return null;
  const text = points.map(([x, y]) => `${x},${y}`).join(' ');
  return (
    <>
      <path
        fillRule="evenodd"
        d={`M0 0H${document.width}V${document.height}H0Z M${points.map(([x, y]) => `${x} ${y}`).join('L')}Z`}
        fill="oklch(15% 0.01 220 / 0.55)"
      />
      <polygon points={text} fill="none" stroke="#fff" strokeWidth={3} vectorEffect="non-scaling-stroke" />
    </>
  );
}

const cornersOf = ([x0, y0, x1, y1]: readonly [number, number, number, number]) =>
  [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ] as const;

function Evidence({ job, document }: { job: Job; document: ResultDocument }) {
  return (
    <details className="text-small">
      <summary className="cursor-pointer py-1 font-medium text-muted hover:text-ink">
        {t('result.evidence')}
      </summary>
      <dl className="mt-2 grid gap-x-4 gap-y-1.5 sm:grid-cols-[9rem_1fr]">
        {document.skill && (
          <>
            <dt className="text-muted">{t('result.skill')}</dt>
            <dd>{document.skill}</dd>
          </>
        )}
        {document.models.map(([name, digest]) => (
          <div key={name} className="contents">
            <dt className="text-muted">{name}</dt>
            <dd>
              <Code value={digest} label={name} />
            </dd>
          </div>
        ))}
        {job.deliverable && (
          <>
            <dt className="text-muted">{t('result.digest')}</dt>
            <dd>
              <Code value={job.deliverable} label={t('result.digest')} />
            </dd>
          </>
        )}
        {job.resultCid && (
          <>
            <dt className="text-muted">{t('result.document')}</dt>
            <dd>
              <a className="link" href={artifactUrl(job.resultCid)}>
                {t('result.raw')}
              </a>
            </dd>
          </>
        )}
        {job.requestCid && (
          <>
            <dt className="text-muted">{t('result.request')}</dt>
            <dd>
              <a className="link" href={artifactUrl(job.requestCid)}>
                {t('result.raw')}
              </a>
            </dd>
          </>
        )}
      </dl>
    </details>
  );
}
