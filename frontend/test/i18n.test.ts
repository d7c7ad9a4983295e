import { afterEach, describe, expect, it } from 'vitest';
import { getLanguage, setLanguage, t, tn } from '../src/i18n';
import { de } from '../src/i18n/de';
import { errors } from '../src/i18n/en/errors';
import { shell } from '../src/i18n/en/shell';
import { work } from '../src/i18n/en/work';
import { formatMoney } from '../src/lib/format';

const english: Record<string, string> = { ...shell, ...work, ...errors };
const german: Record<string, string> = de;
const places = (text = '') => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();

afterEach(() => setLanguage('en'));

describe('the second language', () => {
  it('has every key and no other', () => {
    expect(Object.keys(german).sort()).toEqual(Object.keys(english).sort());
  });

  it('fills in the same places', () => {
    for (const [key, text] of Object.entries(english)) expect(places(german[key]), key).toEqual(places(text));
  });

  it('leaves no text empty', () => {
    for (const [key, text] of Object.entries(german)) expect(text.trim(), key).not.toBe('');
  });

  it('changes words, numbers and the document’s language, and is kept', async () => {
    await setLanguage('de');
    expect(getLanguage()).toBe('de');
    expect(t('nav.agents')).toBe('Agenten');
    expect(formatMoney(1_234_500_000n, 6, 'tUSD').replace(/\s/g, ' ')).toBe('1.234,50 tUSD');
    expect(document.documentElement.lang).toBe('de');
    expect(localStorage.getItem('aitbc.language')).toBe('de');
  });
});

describe('texts', () => {
  it('counts one and many', () => {
    expect(tn('agents.count', 1)).toBe('1 offer');
    expect(tn('agents.count', 1200)).toBe('1,200 offers');
  });

  it('leaves a place visible that got no value', () => {
    expect(t('job.title')).toBe('Job {id}');
  });
});
