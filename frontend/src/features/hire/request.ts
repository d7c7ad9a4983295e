/**
 * What the client asks for, as the document whose CID goes on chain.
 *
 * The server stores the file and the document; this page recomputes both digests, so that what is signed is
 * what was asked, whatever the server answers.
 */

import { t } from '../../i18n';
import { ApiError, apiPost, type StoredFile } from '../../lib/api';
import { canonicalJson, type Json } from '../../lib/canonical';
import { rawCidOf, sha256, toHex } from '../../lib/cid';
import { criteriaOf } from './kinds';

export const NOTE_MAX = 2000;

/** A file that was looked at on this machine. */
export type HireInput = { file: File; sha256: string };

export function requestDocument(input: {
  service: string;
  listingId: string;
  stored: StoredFile;
  settings?: Record<string, Json>;
  note: string;
}): Record<string, Json> {
  const { service, listingId, stored, settings = {}, note } = input;
  return {
    schema: 'aitbc.request/1',
    service,
    listing_id: Number(listingId),
    input: {
      cid: stored.cid,
      media_type: stored.media_type,
      bytes: stored.bytes,
      sha256: stored.sha256.replace(/^0x/, ''),
    },
    settings,
    criteria: criteriaOf(service),
    note: note.toWellFormed(),
  };
}

/** Stores what is worked on. Rejects with an `ApiError` when the server refuses or has kept something else. */
export async function storeInput(input: HireInput): Promise<StoredFile> {
  const form = new FormData();
  form.set('file', input.file, input.file.name || 'file');
  const stored = await apiPost<StoredFile>('/uploads', form);
  if (stored.sha256.replace(/^0x/, '') !== input.sha256) throw mismatch();
  return stored;
}

/** Stores the request document and gives its CID, which is the one this page computes itself. */
export async function storeRequest(document: Record<string, Json>): Promise<string> {
  const bytes = new TextEncoder().encode(canonicalJson(document));
  const expected = rawCidOf(toHex(await sha256(bytes)));
  const { cid } = await apiPost<{ cid: string }>('/requests', document);
  if (cid !== expected) throw mismatch();
  return cid;
}

function mismatch(): ApiError {
  return new ApiError(409, 'mismatch', t('hire.mismatch'), t('hire.mismatch.mend'));
}
