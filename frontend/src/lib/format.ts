/** The one place where numbers become words. Money stays bigint until it arrives here. */
import { getLanguage } from '../i18n';

/** Exact decimal text of an integer amount: (2500000n, 6) gives "2.5". Never a float. */
export function decimalText(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals === 0 ? '' : digits.slice(-decimals).replace(/0+$/, '');
  return `${sign}${whole}${fraction ? `.${fraction}` : ''}`;
}

/** "1,234.50 tUSD": at least two, at most six fraction digits, the rest cut off (never rounded up). */
export function formatMoney(units: bigint, decimals: number, symbol: string): string {
  const format = new Intl.NumberFormat(getLanguage(), {
    minimumFractionDigits: Math.min(2, decimals),
    maximumFractionDigits: 6,
    roundingMode: 'trunc',
  } as Intl.NumberFormatOptions);
  const text = format.format(decimalText(units, decimals) as unknown as number);
  return symbol ? `${text}\u00a0${symbol}` : text;
}

export function formatNumber(value: number | bigint): string {
  return new Intl.NumberFormat(getLanguage()).format(value);
}

export function formatPercentFromBps(bps: number): string {
  return new Intl.NumberFormat(getLanguage(), { style: 'percent', maximumFractionDigits: 2 }).format(
    bps / 10_000,
  );
}

/** A detector's confidence in [0, 1] as a whole percent. */
export function formatConfidence(score: number): string {
  return new Intl.NumberFormat(getLanguage(), { style: 'percent', maximumFractionDigits: 0 }).format(score);
}

/** Sizes as people know them from their files: 1 kB is 1024 bytes. */
export function formatBytes(bytes: number): string {
  const [value, unit] =
    bytes < 1024
      ? [bytes, 'byte']
      : bytes < 1024 ** 2
        ? [bytes / 1024, 'kilobyte']
        : [bytes / 1024 ** 2, 'megabyte'];
  return new Intl.NumberFormat(getLanguage(), {
    style: 'unit',
    unit,
    unitDisplay: unit === 'byte' ? 'long' : 'short', // short it is "31 byte"
    maximumFractionDigits: value < 10 && unit !== 'byte' ? 1 : 0,
  }).format(value);
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** "4 min 12 s": the two largest units that are not zero; zero and less give "0 s". */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.floor(seconds));
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    if (count === 0 && !(unit === 'second' && parts.length === 0)) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(
      new Intl.NumberFormat(getLanguage(), {
        style: 'unit',
        unit,
        unitDisplay: unit === 'day' ? 'long' : 'short',
      }).format(count),
    );
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** "14:05:10" today, with the date on any other day. `now` and `at` are unix seconds. */
export function formatClock(at: number, now: number = Date.now() / 1000): string {
  const date = new Date(at * 1000);
  const isToday = date.toDateString() === new Date(now * 1000).toDateString();
  return new Intl.DateTimeFormat(
    getLanguage(),
    isToday ? { timeStyle: 'medium' } : { dateStyle: 'medium', timeStyle: 'short' },
  ).format(date);
}

export function formatDateTime(at: number): string {
  return new Intl.DateTimeFormat(getLanguage(), { dateStyle: 'long', timeStyle: 'long' }).format(
    new Date(at * 1000),
  );
}

export function formatDate(at: number): string {
  return new Intl.DateTimeFormat(getLanguage(), { dateStyle: 'medium' }).format(new Date(at * 1000));
}

/** First and last characters of an address, a hash or a CID; short values come back whole. */
export function shorten(value: string, head = 6, tail = 4): string {
  return value.length <= head + tail + 1 ? value : `${value.slice(0, head)}…${value.slice(-tail)}`;
}

export const isSameAddress = (a: string | null | undefined, b: string | null | undefined): boolean =>
  !!a && !!b && a.toLowerCase() === b.toLowerCase();

/** House fee on a budget, rounded down as the escrow does. */
export function feeDown(budget: bigint, feeBps: number): bigint {
  return (budget * BigInt(feeBps)) / 10_000n;
}
