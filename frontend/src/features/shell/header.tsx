import clsx from 'clsx';
import { Activity, BriefcaseBusiness, Search, Settings } from 'lucide-react';
import { lazy, type ReactNode, Suspense } from 'react';
import { Link, useLocation } from 'wouter';
import { t, tn } from '../../i18n';
import { useTransactions } from '../../lib/transactions';
import { Freshness } from '../../ui/freshness';
import { Skeleton } from '../../ui/states';

const WalletIsland = lazy(() => import('./wallet-island'));

const PLACES = [
  {
    href: '/',
    key: 'nav.agents',
    Icon: Search,
    isHere: (path: string) => path === '/' || path.startsWith('/agents'),
  },
  {
    href: '/jobs',
    key: 'nav.jobs',
    Icon: BriefcaseBusiness,
    isHere: (path: string) => path.startsWith('/jobs'),
  },
  { href: '/activity', key: 'nav.activity', Icon: Activity, isHere: (path: string) => path === '/activity' },
  { href: '/settings', key: 'nav.settings', Icon: Settings, isHere: (path: string) => path === '/settings' },
] as const;

export function Header() {
  const [path] = useLocation();
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-bg">
      <div className="mx-auto flex h-14 max-w-5xl items-center gap-3 px-4 sm:px-6">
        <Link
          href="/"
          className="-mx-1 flex items-center gap-2 rounded-control px-1 font-semibold tracking-tight"
        >
          <Mark />
          AITBC
        </Link>
        <nav aria-label={t('nav.main')} className="ml-3 hidden items-center gap-0.5 sm:flex">
          {PLACES.slice(0, 3).map(({ href, key, isHere }) => (
            <Link
              key={href}
              href={href}
              aria-current={isHere(path) ? 'page' : undefined}
              className={clsx(
                'flex min-h-9 items-center rounded-control px-3 text-small font-medium transition-colors duration-[120ms]',
                isHere(path) ? 'bg-raised text-ink' : 'text-muted hover:text-ink',
              )}
            >
              {t(key)}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-2 sm:gap-3">
          <Pending />
          <span className="hidden md:inline">
            <Freshness />
          </span>
          <Link
            href="/settings"
            aria-label={t('nav.settings')}
            title={t('nav.settings')}
            aria-current={path === '/settings' ? 'page' : undefined}
            className="hidden size-9 place-items-center rounded-control text-muted transition-colors duration-[120ms] hover:bg-raised hover:text-ink aria-[current]:bg-raised aria-[current]:text-ink sm:grid"
          >
            <Settings aria-hidden className="size-[18px]" />
          </Link>
          <Suspense fallback={<Skeleton className="h-9 w-32" />}>
            <WalletIsland />
          </Suspense>
        </div>
      </div>
    </header>
  );
}

/** Places at the thumb's reach on phones. */
export function PhoneNav() {
  const [path] = useLocation();
  return (
    <nav
      aria-label={t('nav.phone')}
      className="fixed inset-x-0 bottom-0 z-30 grid h-14 grid-cols-4 border-t border-line bg-bg sm:hidden"
    >
      {PLACES.map(({ href, key, Icon, isHere }) => (
        <Link
          key={href}
          href={href}
          aria-current={isHere(path) ? 'page' : undefined}
          className={clsx(
            'grid place-content-center justify-items-center gap-0.5 text-[11px] font-medium',
            isHere(path) ? 'text-accent' : 'text-muted',
          )}
        >
          <Icon aria-hidden className="size-5" />
          {t(key)}
        </Link>
      ))}
    </nav>
  );
}

function Pending(): ReactNode {
  const count = useTransactions().filter((item) => item.state === 'pending').length;
  return (
    <span role="status" className="empty:hidden">
      {count > 0 && (
        <Link
          href="/activity"
          className="inline-flex min-h-8 items-center gap-2 rounded-full bg-accent-soft px-3 text-small font-medium text-accent"
        >
          <span
            aria-hidden
            className="size-2 animate-pulse rounded-full bg-accent motion-reduce:animate-none"
          />
          {tn('header.pending', count)}
        </Link>
      )}
    </span>
  );
}

function Mark() {
  return (
    <svg aria-hidden="true" viewBox="0 0 32 32" className="size-6">
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path
        d="M8 22 14.5 9h3L24 22"
        fill="none"
        strokeWidth="2.8"
        strokeLinecap="round"
        strokeLinejoin="round"
        className="stroke-on-accent"
      />
      <circle cx="16" cy="20.2" r="2.4" className="fill-on-accent" />
    </svg>
  );
}
