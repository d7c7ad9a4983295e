/** Looks at a chosen document before anything is sent: its real type, its size, its digest. */
import { sha256, toHex } from '../../lib/cid';
import { MAX_BYTES } from './picture';

export const DOCUMENTS_ACCEPTED =
  '.pdf,.html,.htm,.md,.txt,application/pdf,text/html,text/markdown,text/plain';

export type Document = { file: File; sha256: string };
export type DocumentFault = 'empty' | 'tooBig' | 'notADocument';

/** What agents can read: a PDF, or text in UTF-8; undefined when nothing is wrong. */
export function documentFaultOf(bytes: Uint8Array): DocumentFault | undefined {
  if (bytes.length === 0) return 'empty';
  if (bytes.length > MAX_BYTES) return 'tooBig';
  const head = bytes.subarray(0, 1024);
  if (new TextDecoder('latin1').decode(head).includes('%PDF-')) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    return /[\u0000-\u0008\u000e-\u001f]/.test(text.slice(0, 4096)) ? 'notADocument' : undefined;
  } catch {
    return 'notADocument';
  }
}

export async function readDocument(file: File): Promise<Document | DocumentFault> {
  if (file.size > MAX_BYTES) return 'tooBig';
  const bytes = new Uint8Array(await file.arrayBuffer());
  const fault = documentFaultOf(bytes);
  return fault ?? { file, sha256: toHex(await sha256(bytes)).slice(2) };
}
