import clsx from 'clsx';
import { CircleCheck, CircleDashed, Hourglass, PackageCheck, TimerOff, Undo2 } from 'lucide-react';
import { t } from '../i18n';
import type { JobState } from '../lib/api';

const LOOKS = {
  open: ['text-muted bg-raised', CircleDashed],
  funded: ['text-accent bg-accent-soft', Hourglass],
  submitted: ['text-accent bg-accent-soft', PackageCheck],
  completed: ['text-good bg-good-soft', CircleCheck],
  rejected: ['text-warn bg-warn-soft', Undo2],
  expired: ['text-warn bg-warn-soft', TimerOff],
} as const;

/** A job's state as an icon and a word; never colour alone. */
export function StatePill({ state }: { state: JobState }) {
  const [look, Icon] = LOOKS[state];
  return (
    <span
      className={clsx(
        'inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-small font-medium whitespace-nowrap',
        look,
      )}
    >
      <Icon aria-hidden className="size-3.5" />
      {t(`state.${state}`)}
    </span>
  );
}
