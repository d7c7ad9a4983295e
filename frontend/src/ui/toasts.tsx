import { CircleAlert, CircleCheck, Info, X } from 'lucide-react';
import { Link } from 'wouter';
import { t } from '../i18n';
import { useStore } from '../lib/store';
import { dismissToast, toastStore } from '../lib/toast';

const ICONS = { good: CircleCheck, bad: CircleAlert, info: Info } as const;
const COLOURS = { good: 'text-good', bad: 'text-bad', info: 'text-muted' } as const;

export function Toasts() {
  const toasts = useStore(toastStore);
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-50 grid justify-items-end gap-2 sm:bottom-6 sm:left-auto sm:right-6"
    >
      {toasts.map((item) => {
        const Icon = ICONS[item.tone];
        return (
          <div
            key={item.id}
            className="card pointer-events-auto flex w-full max-w-sm items-start gap-2.5 p-3.5 text-small shadow-lg"
          >
            <Icon aria-hidden className={`mt-px size-4 shrink-0 ${COLOURS[item.tone]}`} />
            <span className="min-w-0 flex-1">
              {item.href ? (
                <Link href={item.href} className="link">
                  {item.text}
                </Link>
              ) : (
                item.text
              )}
            </span>
            <button
              type="button"
              aria-label={t('common.dismiss')}
              onClick={() => dismissToast(item.id)}
              className="-m-1 rounded-control p-1 text-muted hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </button>
          </div>
        );
      })}
    </div>
  );
}
