/**
 * What each service wants: a picture or a document, what it is told besides, and how its result will be judged.
 *
 * The names, limits and criteria are those of the agents (`skills/llm/settings.py`, `runtime/documents.py`); a
 * request that says otherwise is declined and refunded.
 */
import type { MessageKey } from '../../i18n';
import type { Json } from '../../lib/canonical';

export type InputKind = 'picture' | 'document';
type Settings = Record<string, Json>;

/** One field of the form: its words, its shape, and how its text becomes settings (undefined: not usable yet). */
export type Choice = {
  label: MessageKey;
  hint: MessageKey;
  shape: 'line' | 'lines' | 'number';
  initial: string;
  read: (text: string) => Settings | undefined;
};

const QUOTING = new Set(['answer-from-documents', 'classify', 'extract-fields', 'summarise']);
const FORM_RULES: Readonly<Record<string, string>> = {
  translate: 'preserved-text/1',
  judge: 'placed-verdicts/1',
};
const FIELD_KINDS = new Set(['text', 'number', 'percent', 'amount', 'date', 'email', 'address']);
const MOST_LINES = 24;
const MOST_POINTS = 12;
const MOST_TEXT = 200;

export const CHOICES: Readonly<Record<string, Choice>> = {
  'answer-from-documents': {
    label: 'hire.choice.question',
    hint: 'hire.choice.question.hint',
    shape: 'line',
    initial: '',
    read: (text) =>
      text.trim().length >= 3 && text.trim().length <= 500 ? { question: text.trim() } : undefined,
  },
  summarise: {
    label: 'hire.choice.sentences',
    hint: 'hire.choice.sentences.hint',
    shape: 'number',
    initial: '3',
    read: (text) => (/^[1-8]$/.test(text.trim()) ? { sentences: Number(text) } : undefined),
  },
  'extract-fields': {
    label: 'hire.choice.fields',
    hint: 'hire.choice.fields.hint',
    shape: 'lines',
    initial: '',
    read: readFields,
  },
  classify: {
    label: 'hire.choice.labels',
    hint: 'hire.choice.labels.hint',
    shape: 'lines',
    initial: '',
    read: readLabels,
  },
  translate: {
    label: 'hire.choice.language',
    hint: 'hire.choice.language.hint',
    shape: 'line',
    initial: '',
    read: (text) => (/^[A-Z][a-z]{2,24}$/.test(text.trim()) ? { language: text.trim() } : undefined),
  },
  judge: {
    label: 'hire.choice.rubric',
    hint: 'hire.choice.rubric.hint',
    shape: 'lines',
    initial: '',
    read: (text) => {
      const rubric = linesOf(text);
      const isGood = rubric.length > 0 && rubric.length <= MOST_POINTS && rubric.every(isShort);
      return isGood ? { rubric } : undefined;
    },
  },
};

export const inputKindOf = (service: string): InputKind => (service in CHOICES ? 'document' : 'picture');

/** The criteria that agents expect of a service; another kind leaves their pay unprotected, so they decline. */
export function criteriaOf(service: string): Settings {
  const rule = FORM_RULES[service];
  if (rule !== undefined) return { kind: 'form', rule };
  return QUOTING.has(service)
    ? { kind: 'citations', rule: 'words-numbers-negation/1' }
    : { kind: 're-execution', box_tolerance_px: 1, score_tolerance: 0.001, text: 'equal' };
}

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
const isShort = (text: string): boolean => text.length <= MOST_TEXT;

/** Lines such as `total due (amount): what has to be paid`. */
function readFields(text: string): Settings | undefined {
  const lines = linesOf(text);
  const fields = lines.flatMap((line) => {
    const [, words = '', kind = 'text', description = ''] =
      /^([^(:]+?)\s*(?:\((\w+)\))?\s*(?::\s*(.*))?$/.exec(line) ?? [];
    const name = slug(words, '_');
    return name && FIELD_KINDS.has(kind) && isShort(description) ? [{ name, description, kind }] : [];
  });
  return lines.length > 0 && lines.length <= MOST_LINES && fields.length === lines.length
    ? { fields }
    : undefined;
}

/** Lines such as `invoice: asks for money`. */
function readLabels(text: string): Settings | undefined {
  const lines = linesOf(text);
  const labels: Record<string, Json> = {};
  for (const line of lines) {
    const at = line.indexOf(':');
    const name = slug(line.slice(0, at), '-');
    const meaning = line.slice(at + 1).trim();
    if (at < 1 || !name || meaning === '' || !isShort(meaning)) return undefined;
    labels[name] = meaning;
  }
  const count = Object.keys(labels).length;
  return count >= 2 && count <= MOST_LINES && count === lines.length ? { labels } : undefined;
}

/** A name as agents take it: lower case, begins with a letter, at most 40 characters; empty for none. */
function slug(words: string, joint: '_' | '-'): string {
  const plain = words
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, joint)
    .slice(0, 40);
  return /^[a-z]/.test(plain) ? plain.replace(new RegExp(`${joint}+$`), '') : '';
}
