// `--since`: a span back from now, or a date.
import { DeliveryError } from '../contract/errors.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** @param since such as `15m`, `24h`, `90d`, `12w` or `2026-11-01`. @returns milliseconds since the epoch. @throws DeliveryError `usage`. */
export function sinceMs(since: string, nowMs: number): number {
  const span = /^(\d+)([smhdw])$/.exec(since);
  const date = /^\d{4}-\d\d-\d\d/.test(since) ? Date.parse(since) : Number.NaN;
  const startMs = span === null ? date : nowMs - Number(span[1]) * (units[span[2] ?? ''] ?? Number.NaN);
  if (startMs >= 0 && startMs < nowMs) return startMs;
  throw new DeliveryError(
    'usage',
    `expected --since with a span such as 15m, 24h or 90d, or a past date; found \`${since}\``,
  );
}
