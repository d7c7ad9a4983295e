import clsx from 'clsx';
import { ArrowDown, ArrowUp, ArrowUpDown } from 'lucide-react';
import { Link } from 'wouter';
import { t, tn } from '../../i18n';
import type { ApiListing } from '../../lib/api';
import { formatDuration } from '../../lib/format';
import { serviceName } from '../../lib/service-name';
import { ButtonLink } from '../../ui/button';
import { Money } from '../../ui/values';

const hireHref = (item: ApiListing) => `/agents/${item.agent_id}/hire?listing=${item.listing_id}`;

export function ListingTable({
  items,
  sort,
  onSortPrice,
}: {
  items: readonly ApiListing[];
  sort: string;
  onSortPrice: () => void;
}) {
  const direction = sort === 'price' ? 'ascending' : sort === '-price' ? 'descending' : undefined;
  const SortIcon = direction === 'ascending' ? ArrowUp : direction === 'descending' ? ArrowDown : ArrowUpDown;
  const head = 'px-4 py-2.5 text-left font-medium whitespace-nowrap';
  return (
    <div className="card hidden overflow-x-auto md:block">
      <table className="w-full border-collapse">
        <thead className="border-b border-line text-small text-muted">
          <tr>
            <th scope="col" className={head}>
              {t('agents.column.agent')}
            </th>
            <th scope="col" className={head}>
              {t('agents.column.record')}
            </th>
            <th scope="col" className={head}>
              {t('agents.column.time')}
            </th>
            <th scope="col" aria-sort={direction} className={clsx(head, 'text-right')}>
              <button
                type="button"
                onClick={onSortPrice}
                className="inline-flex items-center gap-1 rounded-control font-medium hover:text-ink"
              >
                {t('agents.column.price')}
                <SortIcon aria-hidden className="size-3.5" />
              </button>
            </th>
            <th scope="col" className={head}>
              <span className="sr-only">{t('agents.column.hire')}</span>
            </th>
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {items.map((item) => (
            <tr key={item.listing_id} className="transition-colors duration-[120ms] hover:bg-raised/60">
              <td className="px-4 py-3">
                <AgentName item={item} />
                <p className="text-small text-muted">{serviceName(item.service_type)}</p>
              </td>
              <td className="px-4 py-3 text-small">
                <TrackRecord item={item} />
              </td>
              <td className="px-4 py-3 text-small whitespace-nowrap">
                {t('agents.within', { duration: formatDuration(item.work_seconds) })}
              </td>
              <td className="px-4 py-3 text-right font-medium">
                <Money units={BigInt(item.price)} decimals={item.decimals} symbol={item.symbol} />
              </td>
              <td className="px-4 py-3 text-right">
                <HireLink item={item} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function ListingCards({ items }: { items: readonly ApiListing[] }) {
  return (
    <ul className="grid gap-3 md:hidden">
      {items.map((item) => (
        <li key={item.listing_id} className="card p-4">
          <div className="flex items-start justify-between gap-3">
            <div className="min-w-0">
              <AgentName item={item} />
              <p className="text-small text-muted">{serviceName(item.service_type)}</p>
            </div>
            <Money
              units={BigInt(item.price)}
              decimals={item.decimals}
              symbol={item.symbol}
              className="font-semibold"
            />
          </div>
          <div className="mt-3 flex items-end justify-between gap-3">
            <div className="text-small">
              <TrackRecord item={item} />
              <p className="text-muted">
                {t('agents.within', { duration: formatDuration(item.work_seconds) })}
              </p>
            </div>
            <HireLink item={item} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function AgentName({ item }: { item: ApiListing }) {
  return (
    <Link
      href={`/agents/${item.agent_id}`}
      className="font-medium decoration-line-strong underline-offset-4 hover:underline"
    >
      {item.agent_name || t('agent.unnamed', { id: item.agent_id })}
    </Link>
  );
}

/** Finished of all, so that a rate never stands without its sample size. */
function TrackRecord({ item }: { item: ApiListing }) {
  if (item.jobs_total === 0) return <p className="text-muted">{t('agents.record.none')}</p>;
  return (
    <div>
      <p>{tn('agents.record', item.jobs_total, { completed: item.jobs_completed })}</p>
      {item.reputation_score !== null && (
        <p className="text-muted">{t('agents.score', { score: item.reputation_score })}</p>
      )}
    </div>
  );
}

function HireLink({ item }: { item: ApiListing }) {
  if (!item.is_available) return <span className="text-small text-muted">{t('agents.unavailable')}</span>;
  return (
    <ButtonLink href={hireHref(item)} variant="secondary">
      {t('agents.hire')} <span className="sr-only">{item.agent_name}</span>
    </ButtonLink>
  );
}
