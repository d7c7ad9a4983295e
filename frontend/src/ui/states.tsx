/** The drawn states of a screen that is not full: loading, empty, failed; and a notice inside a full one. */
import clsx from 'clsx';
import { CircleAlert, CircleCheck, Info, RotateCw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { t } from '../i18n';
import { ApiError } from '../lib/api';
import { Button } from './button';

export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={clsx('skeleton block', className)} />;
}

export function LoadingRows({ count = 4, height = 'h-16' }: { count?: number; height?: string }) {
  return (
    <div role="status" className="grid gap-2">
      <span className="sr-only">{t('common.loading')}</span>
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders are all alike
        <Skeleton key={index} className={clsx('rounded-card!', height)} />
      ))}
    </div>
  );
}

export function Empty({
  title,
  children,
  action,
  icon,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
}) {
  return (
    <div className="card grid justify-items-center gap-1.5 px-6 py-12 text-center">
      {icon && <span className="mb-1 text-muted [&_svg]:size-7">{icon}</span>}
      <p className="font-semibold">{title}</p>
      {children && <div className="max-w-md text-muted">{children}</div>}
      {action && <div className="mt-3 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** A failed read, told apart from an empty one; always with a way to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const isDown = error instanceof ApiError && error.isUnreachable;
  const refusal = error instanceof ApiError && !isDown ? error : undefined;
  return (
    <div role="alert" className="card grid justify-items-center gap-1.5 px-6 py-12 text-center">
      <CircleAlert aria-hidden className="mb-1 size-7 text-bad" />
      <p className="font-semibold">{isDown ? t('common.apiDown.title') : t('common.failed.title')}</p>
      <p className="max-w-md text-muted">
        {refusal?.detail || (isDown ? t('common.apiDown.text') : t('common.failed.text'))}
        {refusal?.mend ? ` ${refusal.mend}` : ''}
      </p>
      <div className="mt-3">
        <Button onClick={onRetry} icon={<RotateCw aria-hidden />}>
          {t('common.retry')}
        </Button>
      </div>
    </div>
  );
}

const TONES = {
  info: ['bg-raised', 'text-muted', Info],
  good: ['bg-good-soft', 'text-good', CircleCheck],
  warn: ['bg-warn-soft', 'text-warn', TriangleAlert],
  bad: ['bg-bad-soft', 'text-bad', CircleAlert],
} as const;

export function Notice({
  tone = 'info',
  role,
  title,
  children,
  className,
}: {
  tone?: keyof typeof TONES;
  role?: 'alert' | 'status';
  title?: ReactNode;
  children?: ReactNode;
  className?: string;
}) {
  const [background, colour, Icon] = TONES[tone];
  return (
    <div role={role} className={clsx('flex gap-2.5 rounded-card px-3.5 py-3', background, className)}>
      <Icon aria-hidden className={clsx('mt-0.5 size-[18px] shrink-0', colour)} />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {children && <div className={clsx('text-small', title ? 'mt-0.5' : 'pt-px')}>{children}</div>}
      </div>
    </div>
  );
}
