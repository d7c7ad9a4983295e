/** How single facts look: money, moments, addresses, hashes. */
import clsx from 'clsx';
import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { t } from '../i18n';
import { formatClock, formatDateTime, formatDuration, formatMoney, shorten } from '../lib/format';
import { useChainNow } from '../lib/live';

export function Money({
  units,
  decimals,
  symbol,
  className,
}: {
  units: bigint;
  decimals: number;
  symbol: string;
  className?: string;
}) {
  return <span className={clsx('whitespace-nowrap', className)}>{formatMoney(units, decimals, symbol)}</span>;
}

export function CopyButton({ value, label }: { value: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
      setCopied(true);
    } catch {
      window.prompt(t('common.copyByHand'), value);
    }
  };
  return (
    <button
      type="button"
      onClick={copy}
      aria-label={isCopied ? t('common.copied') : t('common.copy', { what: label })}
      title={isCopied ? t('common.copied') : t('common.copy', { what: label })}
      className="-my-1 inline-grid size-7 shrink-0 place-items-center rounded-control text-muted transition-colors duration-[120ms] hover:bg-raised hover:text-ink pointer-coarse:size-11 pointer-coarse:-my-3"
    >
      {isCopied ? (
        <Check aria-hidden className="size-3.5 text-good" />
      ) : (
        <Copy aria-hidden className="size-3.5" />
      )}
    </button>
  );
}

/** An address, hash or CID: short in sight, whole on hover, to assistive technology and on copy. */
export function Code({ value, label, isWhole = false }: { value: string; label: string; isWhole?: boolean }) {
  return (
    <span className="inline-flex max-w-full items-center gap-0.5 align-baseline">
      <span className="min-w-0 font-mono text-[0.87em]" title={value}>
        {isWhole ? (
          value
        ) : (
          <>
            <span aria-hidden>{shorten(value, value.startsWith('0x') ? 8 : 10, 6)}</span>
            <span className="sr-only">{value}</span>
          </>
        )}
      </span>
      <CopyButton value={value} label={label} />
    </span>
  );
}

export function Moment({ at, className }: { at: number; className?: string }) {
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={formatDateTime(at)} className={className}>
      {formatClock(at)}
    </time>
  );
}

export function Ago({ at, className }: { at: number; className?: string }) {
  const now = useChainNow();
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={formatDateTime(at)} className={className}>
      {t('time.ago', { duration: formatDuration(Math.max(0, now - at)) })}
    </time>
  );
}

/** A deadline by the chain's clock: the moment and the time that is left, or that it is over. */
export function Deadline({ at }: { at: number }) {
  const left = at - useChainNow();
  return (
    <span className="whitespace-nowrap">
      <Moment at={at} />{' '}
      <span className={clsx(left <= 0 ? 'text-warn' : 'text-muted')}>
        ({left > 0 ? t('time.left', { duration: formatDuration(left) }) : t('time.over')})
      </span>
    </span>
  );
}
