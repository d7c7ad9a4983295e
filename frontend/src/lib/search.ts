/** Filters, sorting and tabs live in the URL: typed reads with a fallback, writes that drop the defaults. */
import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

export type SearchSpec = Record<string, readonly string[] | 'text'>;
type Values<S extends SearchSpec> = {
  [K in keyof S]: S[K] extends readonly (infer V)[] ? V & string : string;
};

/** Unknown values fall back to the first allowed one (a list) or to the empty string (text). */
export function readSearch<S extends SearchSpec>(spec: S, search: string): Values<S> {
  const params = new URLSearchParams(search);
  const entries = Object.entries(spec).map(([key, allowed]) => {
    const raw = params.get(key) ?? '';
    if (allowed === 'text') return [key, raw.slice(0, 200)];
    return [key, allowed.includes(raw) ? raw : (allowed[0] ?? '')];
  });
  return Object.fromEntries(entries) as Values<S>;
}

/** Query string of `values`; a key that has its default is left out, so that plain pages have plain addresses. */
export function writeSearch<S extends SearchSpec>(spec: S, values: Values<S>): string {
  const params = new URLSearchParams();
  for (const [key, allowed] of Object.entries(spec)) {
    const value = values[key] ?? '';
    const fallback = allowed === 'text' ? '' : (allowed[0] ?? '');
    if (value !== fallback) params.set(key, value);
  }
  return params.toString();
}

export function useSearchState<S extends SearchSpec>(
  spec: S,
): [Values<S>, (patch: Partial<Values<S>>) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const values = useMemo(() => readSearch(spec, search), [spec, search]);
  const update = useCallback(
    (patch: Partial<Values<S>>) => {
      const next = writeSearch(spec, { ...readSearch(spec, window.location.search), ...patch });
      navigate(next ? `${path}?${next}` : path, { replace: true });
    },
    [spec, path, navigate],
  );
  return [values, update];
}
