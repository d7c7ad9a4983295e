/** Bytes that prove themselves: fetch by CID, hash in the browser, say whether they are what the chain names. */
import { fetchArtifact } from './api';
import { decodeCid, sha256, toHex } from './cid';
import type { Hex } from './deployment';

export type Proof = 'matches' | 'differs' | 'unchecked';

export type CheckedBytes = { bytes: Uint8Array<ArrayBuffer>; digest: Hex; proof: Proof };

/** Fetches and checks. `unchecked` only for a CID whose digest is not that of the bytes (a file above 1 MiB). */
export async function fetchChecked(cid: string, signal?: AbortSignal): Promise<CheckedBytes> {
  const bytes = await fetchArtifact(cid, signal);
  const digest = toHex(await sha256(bytes));
  const named = decodeCid(cid);
  if (!named?.isRaw) return { bytes, digest, proof: 'unchecked' };
  return { bytes, digest, proof: named.digest === digest ? 'matches' : 'differs' };
}

/** The JSON object inside checked bytes, or undefined when they are not one. */
export function readJsonObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
