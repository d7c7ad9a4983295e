/**
 * Documents that come from agents and reporters, read with suspicion: every field is checked, lists are cut,
 * nothing is trusted to have the type it should have.
 */
type Box = readonly [number, number, number, number];
type Quad = readonly (readonly [number, number])[];

export type FoundObject = { label: string; score: number; box: Box };
export type TextLine = { text: string; score: number; box: Quad };
export type Quotation = { page: number; quote: string };
export type Statement = { text: string; field: string; citations: Quotation[] };
/** What a language service says: statements with the places that say so, or a text of its own. */
export type Quoted = {
  isAnswered: boolean;
  question: string;
  label: string;
  missing: string[];
  statements: Statement[];
  text: string;
};
export type ResultDocument = {
  service: string;
  requestCid: string | undefined;
  width: number;
  height: number;
  objects: FoundObject[];
  text: TextLine[];
  annotated: { cid: string; mediaType: string } | undefined;
  quoted: Quoted | undefined;
  models: readonly (readonly [string, string])[];
  skill: string | undefined;
};
export type ReportCheck = { name: string; passed: boolean; detail: string };
export type ReportDocument = { score: number; checker: string; checks: ReportCheck[] };

export const MAX_SHOWN = 200;
const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/webp']);

type Loose = Record<string, unknown>;

export function parseResult(document: Loose | undefined): ResultDocument | undefined {
  if (document?.schema !== 'aitbc.result/1') return undefined;
  const output = asObject(document.output);
  const image = asObject(output.image);
  const annotated = asObject(asObject(document.artifacts).annotated);
  const evidence = asObject(document.evidence);
  const mediaType = asText(annotated.media_type);
  return {
    service: asText(document.service),
    requestCid: asText(document.request_cid) || undefined,
    width: asSize(image.width),
    height: asSize(image.height),
    objects: asList(output.objects).slice(0, MAX_SHOWN).flatMap(readFound),
    text: asList(output.text).slice(0, MAX_SHOWN).flatMap(readLine),
    annotated:
      asText(annotated.cid) && IMAGE_TYPES.has(mediaType)
        ? { cid: asText(annotated.cid), mediaType }
        : undefined,
    quoted: 'document' in output ? readQuoted(output) : undefined,
    models: Object.entries(asObject(evidence.models))
      .slice(0, 20)
      .map(([name, digest]) => [name, asText(digest)] as const),
    skill: asText(evidence.skill) || undefined,
  };
}

export function parseReport(document: Loose | undefined): ReportDocument | undefined {
  if (document?.schema !== 'aitbc.report/1') return undefined;
  return {
    score: asSize(document.score),
    checker: asText(document.checker),
    checks: asList(document.checks)
      .slice(0, 50)
      .map(asObject)
      .map((check) => ({
        name: asText(check.name),
        passed: check.passed === true,
        detail: asText(check.detail),
      })),
  };
}

function readQuoted(output: Loose): Quoted {
  return {
    isAnswered: output.is_answered === true,
    question: asText(output.question),
    label: asText(output.label),
    missing: asList(output.missing).slice(0, MAX_SHOWN).map(asText).filter(Boolean),
    statements: asList(output.statements).slice(0, MAX_SHOWN).map(asObject).map(readStatement),
    text: asText(output.text),
  };
}

function readStatement(value: Loose): Statement {
  const citations = asList(value.citations).slice(0, 20).map(asObject);
  return {
    text: asText(value.text),
    field: asText(value.field),
    citations: citations.map((cited) => ({ page: asSize(cited.page), quote: asText(cited.quote) })),
  };
}

function readFound(value: unknown): FoundObject[] {
  const { label, score, box } = asObject(value);
  const corners = asList(box);
  if (typeof label !== 'string' || corners.length !== 4 || !corners.every(isNumber)) return [];
  return [{ label: label.slice(0, 80), score: asShare(score), box: corners as unknown as Box }];
}

function readLine(value: unknown): TextLine[] {
  const { text, score, box } = asObject(value);
  if (typeof text !== 'string' || text === '') return [];
  const corners = asList(box).map(asList);
  const isQuad =
    corners.length >= 3 && corners.every((corner) => corner.length === 2 && corner.every(isNumber));
  return [
    { text: text.slice(0, 500), score: asShare(score), box: isQuad ? (corners as unknown as Quad) : [] },
  ];
}

function asObject(value: unknown): Loose {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Loose) : {};
}
function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
function asText(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 2000) : '';
}
function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
function asSize(value: unknown): number {
  return isNumber(value) && value >= 0 ? value : 0;
}
function asShare(value: unknown): number {
  return isNumber(value) ? Math.min(1, Math.max(0, value)) : 0;
}
