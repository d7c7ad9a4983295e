import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { SearchX, SlidersHorizontal } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { t, tn } from '../../i18n';
import { type ApiListing, type Page as ApiPage, apiGet } from '../../lib/api';
import { useSearchState } from '../../lib/search';
import { SERVICES, type Service, serviceName } from '../../lib/service-name';
import { Button } from '../../ui/button';
import { Page } from '../../ui/page';
import { Empty, Failed, LoadingRows } from '../../ui/states';
import { ListingCards, ListingTable } from './listings';

const SORTS = ['newest', 'price', '-price', 'completed', 'speed'] as const;
const SPEC = { q: 'text', service: ['', ...SERVICES], available: ['', 'true'], sort: SORTS } as const;
const NO_FILTER = { q: '', service: '', available: '', sort: 'newest' } as const;
const PAGE_SIZE = '24';
const TYPING_PAUSE_MS = 200;

export function AgentsPage() {
  const [filter, setFilter] = useSearchState(SPEC);
  const listings = useInfiniteQuery({
    queryKey: ['listings', filter],
    queryFn: ({ pageParam, signal }) =>
      apiGet<ApiPage<ApiListing>>(
        '/listings',
        { ...filter, limit: PAGE_SIZE, cursor: pageParam ?? undefined },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: keepPreviousData,
  });
  const items = listings.data?.pages.flatMap((page) => page.items) ?? [];
  const isFiltered = filter.q !== '' || filter.service !== '' || filter.available !== '';

  return (
    <Page title={t('agents.title')} intro={t('agents.intro')} isWide>
      <div className="mb-5 grid gap-2 sm:grid-cols-[1fr_auto_auto] sm:items-center">
        <SearchBox value={filter.q} onChange={(q) => setFilter({ q })} />
        <div className="flex gap-2">
          <Select
            label={t('agents.filter.service')}
            value={filter.service}
            options={SPEC.service.map((value) => [
              value,
              value ? serviceName(value) : t('agents.filter.anyService'),
            ])}
            onChange={(value) => setFilter({ service: value as '' | Service })}
          />
          <Select
            label={t('agents.sort')}
            value={filter.sort}
            options={SORTS.map((value) => [value, t(`agents.sort.${value}`)])}
            onChange={(value) => setFilter({ sort: value as (typeof SORTS)[number] })}
          />
        </div>
        <label className="flex min-h-9 items-center gap-2 text-small pointer-coarse:min-h-11">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={filter.available === 'true'}
            onChange={(event) => setFilter({ available: event.target.checked ? 'true' : '' })}
          />
          {t('agents.filter.available')}
        </label>
      </div>

      {listings.isPending ? (
        <LoadingRows count={4} height="h-20" />
      ) : listings.isError && items.length === 0 ? (
        <Failed error={listings.error} onRetry={() => void listings.refetch()} />
      ) : items.length === 0 ? (
        isFiltered ? (
          <Empty
            icon={<SearchX aria-hidden />}
            title={t('agents.noneMatch.title')}
            action={<Button onClick={() => setFilter(NO_FILTER)}>{t('agents.clear')}</Button>}
          >
            {t('agents.noneMatch.text')}
          </Empty>
        ) : (
          <Empty icon={<SlidersHorizontal aria-hidden />} title={t('agents.none.title')}>
            {t('agents.none.text')}
          </Empty>
        )
      ) : (
        <>
          <p role="status" className="mb-2 text-small text-muted">
            {tn('agents.count', items.length)}
          </p>
          <ListingTable
            items={items}
            sort={filter.sort}
            onSortPrice={() => setFilter({ sort: filter.sort === 'price' ? '-price' : 'price' })}
          />
          <ListingCards items={items} />
          {listings.hasNextPage && (
            <div className="mt-4 text-center">
              <Button isBusy={listings.isFetchingNextPage} onClick={() => void listings.fetchNextPage()}>
                {t('common.more')}
              </Button>
            </div>
          )}
        </>
      )}
    </Page>
  );
}

/** Writes to the URL when typing pauses; "/" puts the cursor here from anywhere on the page. */
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const written = useRef(value);
  useEffect(() => {
    if (value !== written.current) setText(value);
    written.current = value;
  }, [value]);
  useEffect(() => {
    if (text === written.current) return;
    const timer = setTimeout(() => {
      written.current = text;
      onChange(text);
    }, TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, onChange]);
  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      if (event.key !== '/' || isTyping || event.metaKey || event.ctrlKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener('keydown', focus);
    return () => window.removeEventListener('keydown', focus);
  }, []);
  return (
    <input
      ref={input}
      type="search"
      aria-label={t('agents.search')}
      placeholder={t('agents.search.placeholder')}
      value={text}
      maxLength={200}
      onChange={(event) => setText(event.target.value)}
      className="control w-full"
    />
  );
}

function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value)}
      className="control min-w-0 flex-1 text-small"
    >
      {options.map(([option, text]) => (
        <option key={option} value={option}>
          {text}
        </option>
      ))}
    </select>
  );
}
