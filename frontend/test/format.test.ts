import { describe, expect, it } from 'vitest';
import {
  decimalText,
  feeDown,
  formatBytes,
  formatDuration,
  formatMoney,
  formatPercentFromBps,
  isSameAddress,
  shorten,
} from '../src/lib/format';

const plain = (text: string) => text.replace(/\s/g, ' ');

describe('money', () => {
  it.each([
    [0n, 6, '0'],
    [1n, 6, '0.000001'],
    [2_500_000n, 6, '2.5'],
    [-2_500_000n, 6, '-2.5'],
    [123n, 0, '123'],
    [2n ** 96n - 1n, 18, '79228162514.264337593543950335'],
  ])('%s with %s decimals is %s', (units, decimals, text) => {
    expect(decimalText(units, decimals)).toBe(text);
  });

  it.each([
    [0n, '0.00 tUSD'],
    [2_500_000n, '2.50 tUSD'],
    [125_000n, '0.125 tUSD'],
    [1n, '0.000001 tUSD'],
    [1_234_567_890_000n, '1,234,567.89 tUSD'],
    [9_007_199_254_740_993_000_001n, '9,007,199,254,740,993.000001 tUSD'],
  ])('%s units are written %s', (units, text) => {
    expect(plain(formatMoney(units, 6, 'tUSD'))).toBe(text);
  });

  it('is cut, never rounded up', () => {
    expect(plain(formatMoney(1_999_999_999_999_999_999n, 18, 'ETH'))).toBe('1.999999 ETH');
  });

  it('rounds a fee down as the escrow does', () => {
    expect(feeDown(2_500_000n, 500)).toBe(125_000n);
    expect(feeDown(19n, 500)).toBe(0n);
    expect(feeDown(39n, 500)).toBe(1n);
  });

  it('writes basis points as a percentage', () => {
    expect(formatPercentFromBps(500)).toBe('5%');
    expect(formatPercentFromBps(25)).toBe('0.25%');
  });
});

describe('time and size', () => {
  it.each([
    [-5, '0 sec'],
    [0, '0 sec'],
    [59, '59 sec'],
    [60, '1 min'],
    [252, '4 min 12 sec'],
    [3600, '1 hr'],
    [3605, '1 hr'],
    [90_000, '1 day 1 hr'],
  ])('%s seconds are %s', (seconds, text) => {
    expect(plain(formatDuration(seconds))).toBe(text);
  });

  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1023, '1,023 bytes'],
    [1536, '1.5 kB'],
    [20 * 1024 * 1024, '20 MB'],
  ])('%s bytes are %s', (bytes, text) => {
    expect(plain(formatBytes(bytes))).toBe(text);
  });
});

describe('names', () => {
  it('shortens what is long and leaves what is short', () => {
    expect(shorten('0x1234567890abcdef', 6, 4)).toBe('0x1234…cdef');
    expect(shorten('0x1234', 6, 4)).toBe('0x1234');
  });

  it('compares addresses whatever their case, and nothing with nothing is not the same', () => {
    expect(isSameAddress('0xAB', '0xab')).toBe(true);
    expect(isSameAddress(undefined, undefined)).toBe(false);
  });
});
