/**
 * Content identifiers, as far as a browser must understand them: CIDv1, sha2-256, base32 lower case.
 *
 * A document of at most 1 MiB is one raw block, so its CID *is* the digest of its bytes and the digest is what
 * the contracts hold. A larger file is a tree of blocks, whose root CID is not the digest of the file.
 */
import type { Hex } from './deployment';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const RAW = 0x55;
const HEADER_BYTES = 4;

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

export function toHex(bytes: Uint8Array): Hex {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The CID of a single raw block with this digest (32 bytes, as 0x hex). */
export function rawCidOf(digest: Hex): string {
  const bytes = new Uint8Array(HEADER_BYTES + 32);
  bytes.set([1, RAW, 0x12, 32]);
  for (let index = 0; index < 32; index += 1)
    bytes[HEADER_BYTES + index] = Number.parseInt(digest.slice(2 + index * 2, 4 + index * 2), 16);
  return `b${base32(bytes)}`;
}

export type CidDigest = { isRaw: boolean; digest: Hex };

/** Decodes a CIDv1 in base32; undefined for anything else. `isRaw` tells that the digest is that of the bytes. */
export function decodeCid(cid: string): CidDigest | undefined {
  if (!/^b[a-z2-7]{58}$/.test(cid)) return undefined;
  const bytes = unbase32(cid.slice(1));
  if (bytes[0] !== 1 || bytes[2] !== 0x12 || bytes[3] !== 32) return undefined;
  return { isRaw: bytes[1] === RAW, digest: toHex(bytes.slice(HEADER_BYTES, HEADER_BYTES + 32)) };
}

/** "ipfs://bafk..." gives "bafk..."; undefined when the text is not such an address. */
export function cidFromUri(uri: string): string | undefined {
  const match = /^ipfs:\/\/(b[a-z2-7]{58})$/.exec(uri.trim());
  return match?.[1];
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET[(buffer << (5 - bits)) & 31] : text;
}

function unbase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let buffer = 0;
  let bits = 0;
  for (const letter of text) {
    buffer = (buffer << 5) | ALPHABET.indexOf(letter);
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((buffer >> bits) & 255);
    }
    buffer &= (1 << bits) - 1;
  }
  return Uint8Array.from(bytes);
}
