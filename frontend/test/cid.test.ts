import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../src/lib/canonical';
import { cidFromUri, decodeCid, rawCidOf, sha256, toHex } from '../src/lib/cid';

const EMPTY = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const EMPTY_CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku';

describe('content identifiers', () => {
  it('makes the well-known CID of nothing', async () => {
    expect(toHex(await sha256(new Uint8Array(0)))).toBe(EMPTY);
    expect(rawCidOf(EMPTY)).toBe(EMPTY_CID);
  });

  it('decodes what it has made', () => {
    for (const digest of [EMPTY, `0x${'00'.repeat(32)}`, `0x${'ff'.repeat(32)}`] as const)
      expect(decodeCid(rawCidOf(digest))).toEqual({ isRaw: true, digest });
  });

  it('tells a tree of blocks from a single one', () => {
    const directory = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi';
    expect(decodeCid(directory)?.isRaw).toBe(false);
  });

  it.each([
    '',
    'bafk',
    'Qmf412jQZiuVUtdgnB36FXFX7xg5V6KEbSJ4dpQuhkLyfD',
    `${EMPTY_CID}a`,
    EMPTY_CID.toUpperCase(),
  ])('refuses %s', (text) => {
    expect(decodeCid(text)).toBeUndefined();
  });

  it('takes a CID out of its address, and nothing else', () => {
    expect(cidFromUri(`ipfs://${EMPTY_CID}`)).toBe(EMPTY_CID);
    for (const uri of ['', EMPTY_CID, `ipfs://${EMPTY_CID}/x`, 'https://example.org'])
      expect(cidFromUri(uri)).toBeUndefined();
  });
});

describe('canonical JSON', () => {
  it('sorts keys at every depth, keeps the order of lists, writes no spaces', () => {
    expect(canonicalJson({ b: [2, 1], a: { d: null, c: 'ü"\n' }, n: 0.001 })).toBe(
      '{"a":{"c":"ü\\"\\n","d":null},"b":[2,1],"n":0.001}',
    );
  });

  it('refuses what JSON cannot say', () => {
    expect(() => canonicalJson(Number.NaN)).toThrow(RangeError);
  });
});
