import { afterEach, describe, expect, it, vi } from 'vitest';
import { documentFaultOf, readDocument } from '../src/features/hire/document';
import { CHOICES, criteriaOf, inputKindOf } from '../src/features/hire/kinds';
import { faultOf, MAX_BYTES, type Picture, sniffType } from '../src/features/hire/picture';
import { requestDocument, storeInput, storeRequest } from '../src/features/hire/request';
import { ApiError, type StoredFile } from '../src/lib/api';
import { canonicalJson } from '../src/lib/canonical';
import { rawCidOf, sha256, toHex } from '../src/lib/cid';

const bytes = (...values: number[]) => new Uint8Array(values);
const stored: StoredFile = { cid: 'bafkin', bytes: 3, sha256: 'aa', media_type: 'image/jpeg' };
const document = requestDocument({
  service: 'inspect-image',
  listingId: '4',
  stored,
  note: 'read the signs',
});
const answer = (status: number, body: unknown) =>
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(JSON.stringify(body), { status }));

afterEach(() => vi.restoreAllMocks());

describe('a chosen file', () => {
  it.each([
    ['JPEG', bytes(0xff, 0xd8, 0xff, 0xe0), 'image/jpeg'],
    ['PNG', bytes(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), 'image/png'],
    ['WebP', new TextEncoder().encode('RIFF1234WEBP'), 'image/webp'],
    ['another RIFF file', new TextEncoder().encode('RIFF1234WAVE'), undefined],
    ['SVG', new TextEncoder().encode('<svg xmlns='), undefined],
    ['nothing', bytes(), undefined],
  ])('%s is known by its first bytes', (_, head, type) => {
    expect(sniffType(head)).toBe(type);
  });

  it('is refused when empty, too big or no picture', () => {
    expect(faultOf(0, undefined)).toBe('empty');
    expect(faultOf(MAX_BYTES + 1, 'image/png')).toBe('tooBig');
    expect(faultOf(10, undefined)).toBe('notAPicture');
    expect(faultOf(MAX_BYTES, 'image/png')).toBeUndefined();
  });
});

describe('a request', () => {
  it('is the document that agents and reporters read', () => {
    expect(document).toEqual({
      schema: 'aitbc.request/1',
      service: 'inspect-image',
      listing_id: 4,
      input: { cid: 'bafkin', media_type: 'image/jpeg', bytes: 3, sha256: 'aa' },
      settings: {},
      criteria: { kind: 're-execution', box_tolerance_px: 1, score_tolerance: 0.001, text: 'equal' },
      note: 'read the signs',
    });
  });

  it('is taken when the server has stored these very bytes', async () => {
    const cid = rawCidOf(toHex(await sha256(new TextEncoder().encode(canonicalJson(document)))));
    answer(201, { cid });
    await expect(storeRequest(document)).resolves.toBe(cid);
  });

  it('is refused when the server names another document', async () => {
    answer(201, { cid: rawCidOf(`0x${'00'.repeat(32)}`) });
    await expect(storeRequest(document)).rejects.toThrow(/other than what you sent/);
  });

  it('keeps the words of a refusal', async () => {
    answer(429, { title: 'Too many', detail: 'Your quota is used up.', mend: 'Wait an hour.' });
    const error = await storeRequest(document).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 429, detail: 'Your quota is used up.', mend: 'Wait an hour.' });
  });
});

describe('a picture', () => {
  const file = new File([bytes(1, 2, 3)], 'photo.jpg');
  const picture: Picture = { file, type: 'image/jpeg', sha256: 'aa', url: '', width: 1, height: 1 };

  it('is taken when its digest comes back', async () => {
    answer(201, stored);
    await expect(storeInput(picture)).resolves.toEqual(stored);
  });

  it('is refused when the server has stored other bytes', async () => {
    answer(201, { ...stored, sha256: 'bb' });
    await expect(storeInput(picture)).rejects.toBeInstanceOf(ApiError);
  });
});

const settingsOf = (service: string, text: string) => CHOICES[service]?.read(text);

describe('a service that reads', () => {
  it('is asked for a document and judged by its citations', () => {
    for (const service of ['answer-from-documents', 'summarise', 'extract-fields', 'classify']) {
      expect(inputKindOf(service)).toBe('document');
      expect(criteriaOf(service)).toEqual({ kind: 'citations', rule: 'words-numbers-negation/1' });
    }
    expect(inputKindOf('inspect-image')).toBe('picture');
    expect(criteriaOf('inspect-image').kind).toBe('re-execution');
    expect(criteriaOf('translate')).toEqual({ kind: 'form', rule: 'preserved-text/1' });
    expect(criteriaOf('judge')).toEqual({ kind: 'form', rule: 'placed-verdicts/1' });
  });

  it('puts what is told into the request', () => {
    const settings = settingsOf('answer-from-documents', '  How large is the fee? ') ?? {};
    expect(settings).toEqual({ question: 'How large is the fee?' });
    const made = requestDocument({
      service: 'answer-from-documents',
      listingId: '4',
      stored,
      settings,
      note: '',
    });
    expect(made).toMatchObject({ settings, criteria: { kind: 'citations' } });
  });

  it.each([
    ['summarise', '3', { sentences: 3 }],
    ['translate', 'German', { language: 'German' }],
    ['judge', 'It is short.\n\nIt names the fee.', { rubric: ['It is short.', 'It names the fee.'] }],
    [
      'classify',
      'Invoice: asks for money\nLove letter: says something kind',
      { labels: { invoice: 'asks for money', 'love-letter': 'says something kind' } },
    ],
    [
      'extract-fields',
      'Total due (amount): what has to be paid\nsender',
      {
        fields: [
          { name: 'total_due', description: 'what has to be paid', kind: 'amount' },
          { name: 'sender', description: '', kind: 'text' },
        ],
      },
    ],
  ])('%s understands %j', (service, text, settings) => {
    expect(settingsOf(service, text)).toEqual(settings);
  });

  it.each([
    ['answer-from-documents', 'ab'],
    ['summarise', '9'],
    ['summarise', '1.5'],
    ['translate', 'german'],
    ['judge', '\n'],
    ['classify', 'invoice: asks for money'],
    ['classify', 'invoice: a\ninvoice: b'],
    ['extract-fields', 'total (colour)'],
    ['extract-fields', '42'],
  ])('%s has no use for %j', (service, text) => {
    expect(settingsOf(service, text)).toBeUndefined();
  });
});

describe('a document', () => {
  const text = (words: string) => new TextEncoder().encode(words);

  it('is text or a PDF, whatever its name', async () => {
    expect(documentFaultOf(text('# Terms\nThe fee is 5 %.'))).toBeUndefined();
    expect(documentFaultOf(bytes(...text('%PDF-1.7'), 0xe2, 0xe3, 0xcf, 0xd3))).toBeUndefined();
    expect(documentFaultOf(bytes())).toBe('empty');
    expect(documentFaultOf(bytes(0xff, 0xd8, 0xff, 0xe0))).toBe('notADocument');
    expect(documentFaultOf(bytes(0x50, 0x4b, 3, 4, 0))).toBe('notADocument');
    const read = await readDocument(new File(['The fee is 5 %.'], 'terms.md'));
    expect(read).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });
});
