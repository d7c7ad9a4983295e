import { act, renderHook } from '@testing-library/react';
import { describe, expect, it } from 'vitest';
import { readSearch, useSearchState, writeSearch } from '../src/lib/search';

const SPEC = { q: 'text', sort: ['newest', 'price'], available: ['', 'true'] } as const;

describe('search parameters', () => {
  it('reads what is allowed and falls back for the rest', () => {
    expect(readSearch(SPEC, '?q=lumen&sort=price')).toEqual({ q: 'lumen', sort: 'price', available: '' });
    expect(readSearch(SPEC, '?sort=drop+table&available=maybe')).toEqual({
      q: '',
      sort: 'newest',
      available: '',
    });
  });

  it('cuts a text that nobody types', () => {
    expect(readSearch(SPEC, `?q=${'x'.repeat(5000)}`).q).toHaveLength(200);
  });

  it('leaves defaults out and survives a round trip', () => {
    const values = { q: 'a & b = c', sort: 'price', available: 'true' } as const;
    expect(readSearch(SPEC, writeSearch(SPEC, values))).toEqual(values);
    expect(writeSearch(SPEC, { q: '', sort: 'newest', available: '' })).toBe('');
  });

  it('keeps the other filters when one changes', () => {
    window.history.replaceState(null, '', '/?q=lumen');
    const { result } = renderHook(() => useSearchState(SPEC));
    act(() => result.current[1]({ sort: 'price' }));
    expect(window.location.search).toBe('?q=lumen&sort=price');
    act(() => result.current[1]({ q: '', sort: 'newest' }));
    expect(window.location.search).toBe('');
  });
});
