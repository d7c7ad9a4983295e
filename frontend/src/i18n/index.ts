/**
 * Every word of the page, by typed key.
 *
 * English is the source. The shell's words come with the first load; the words of a lazy room are registered by
 * that room. Another language is one lazy chunk that covers all rooms.
 */
import { createStore, useStore } from '../lib/store';
import { shell } from './en/shell';

export type Messages = typeof shell & typeof import('./en/work').work & typeof import('./en/errors').errors;
export type MessageKey = keyof Messages;
export type Params = Record<string, string | number>;
type PluralKey = { [K in MessageKey]: K extends `${infer Stem}_other` ? Stem : never }[MessageKey];

export type Language = 'en' | 'de';
export const LANGUAGES: Record<Language, string> = { en: 'English', de: 'Deutsch' };
const KEY = 'aitbc.language';

const english: Partial<Record<MessageKey, string>> = { ...shell };
let translated: Partial<Record<MessageKey, string>> = {};
const languageStore = createStore<Language>('en');

export const getLanguage = (): Language => languageStore.get();
export const useLanguage = (): Language => useStore(languageStore);

/** A lazy room adds its English words when it is loaded. */
export function registerEnglish(messages: Partial<Record<MessageKey, string>>): void {
  Object.assign(english, messages);
}

/** The sentence for `key`, with `{name}` places filled in. A missing translation falls back to English. */
export function t(key: MessageKey, params: Params = {}): string {
  const text = translated[key] ?? english[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name: string) => String(params[name] ?? place));
}

/** Like `t` for a counted thing: picks `key_one` or `key_other` by the language's rule and fills in `{count}`. */
export function tn(key: PluralKey, count: number, params: Params = {}): string {
  const rule = new Intl.PluralRules(getLanguage()).select(count);
  const form = rule === 'one' ? 'one' : 'other';
  const number = new Intl.NumberFormat(getLanguage()).format(count);
  return t(`${key}_${form}` as MessageKey, { count: number, ...params });
}

export async function setLanguage(language: Language): Promise<void> {
  translated = language === 'de' ? (await import('./de')).de : {};
  document.documentElement.lang = language;
  try {
    localStorage.setItem(KEY, language);
  } catch {
    // The choice then lasts as long as the tab.
  }
  languageStore.set(language);
}

/** Picks the kept language, else the browser's, before the first render. */
export async function initLanguage(): Promise<void> {
  let wanted: string | null = null;
  try {
    wanted = localStorage.getItem(KEY);
  } catch {
    // Storage may be forbidden.
  }
  const language = (wanted ?? navigator.language).slice(0, 2);
  if (language === 'de') await setLanguage('de');
}
