import { describe, expect, it } from 'vitest';
import { MAX_SHOWN, parseReport, parseResult } from '../src/features/jobs/result';

const good = {
  schema: 'aitbc.result/1',
  service: 'inspect-image',
  output: {
    image: { width: 1000, height: 1060 },
    objects: [{ label: 'cat', score: 0.63, box: [563, 94, 950, 349] }],
    text: [
      {
        text: 'CHELSEA THE CAT',
        score: 0.99,
        box: [
          [1, 2],
          [3, 2],
          [3, 4],
          [1, 4],
        ],
      },
    ],
  },
  artifacts: { annotated: { cid: 'bafk', media_type: 'image/jpeg', bytes: 3 } },
  evidence: { skill: 'inspect-image/1', models: { nanodet: 'sha256:aa' } },
};

describe('a result document', () => {
  it('is read whole', () => {
    const parsed = parseResult(good);
    expect(parsed?.objects[0]).toEqual({ label: 'cat', score: 0.63, box: [563, 94, 950, 349] });
    expect(parsed?.text[0]?.text).toBe('CHELSEA THE CAT');
    expect(parsed?.annotated).toEqual({ cid: 'bafk', mediaType: 'image/jpeg' });
    expect(parsed?.models).toEqual([['nanodet', 'sha256:aa']]);
  });

  it.each([undefined, {}, { schema: 'aitbc.request/1' }, { ...good, schema: 7 }])(
    'of another kind is none',
    (document) => {
      expect(parseResult(document)).toBeUndefined();
    },
  );

  it('of a document has its statements with their quotations', () => {
    const citations = [{ start: 3, end: 20, page: 2, quote: 'A fee of 5 %.' }];
    const output = {
      document: { sha256: 'aa' },
      question: 'How large is the fee?',
      is_answered: true,
      statements: [{ text: 'The fee is 5 %.', origin: 'draft', citations }, 7, { text: { html: '<b>' } }],
      missing: ['sender', 9],
      label: 'terms',
    };
    expect(parseResult({ ...good, output })?.quoted).toEqual({
      isAnswered: true,
      question: 'How large is the fee?',
      label: 'terms',
      missing: ['sender'],
      text: '',
      statements: [
        { text: 'The fee is 5 %.', field: '', citations: [{ page: 2, quote: 'A fee of 5 %.' }] },
        { text: '', field: '', citations: [] },
        { text: '', field: '', citations: [] },
      ],
    });
    expect(parseResult(good)?.quoted).toBeUndefined();
  });

  it('with hostile fields loses them and keeps the rest', () => {
    const parsed = parseResult({
      ...good,
      output: {
        image: { width: 'wide', height: -3 },
        objects: [
          null,
          7,
          { label: 3 },
          { label: 'x', score: 'high', box: [1, 2, 3] },
          { label: 'ok', score: 9, box: [0, 0, 1, 1] },
        ],
        text: [{ text: '' }, { text: 'kept', score: Number.NaN, box: 'nowhere' }, { text: { html: '<b>' } }],
      },
      artifacts: { annotated: { cid: 'bafk', media_type: 'text/html' } },
      evidence: 'none',
    });
    expect(parsed).toMatchObject({ width: 0, height: 0, annotated: undefined, models: [] });
    expect(parsed?.objects).toEqual([{ label: 'ok', score: 1, box: [0, 0, 1, 1] }]);
    expect(parsed?.text).toEqual([{ text: 'kept', score: 0, box: [] }]);
  });

  it('with a million findings is cut', () => {
    const objects = Array.from({ length: 5000 }, () => good.output.objects[0]);
    expect(parseResult({ ...good, output: { ...good.output, objects } })?.objects).toHaveLength(MAX_SHOWN);
  });
});

describe('a report document', () => {
  it('passes a check only when it says true', () => {
    const report = parseReport({
      schema: 'aitbc.report/1',
      score: 70,
      checker: 're-execution/1',
      checks: [{ name: 'objects', passed: true, detail: 'same' }, { name: 'text', passed: 'yes' }, null],
    });
    expect(report?.checks.map((check) => check.passed)).toEqual([true, false, false]);
  });

  it('of another kind is none', () => {
    expect(parseReport({ schema: 'aitbc.result/1' })).toBeUndefined();
  });
});
