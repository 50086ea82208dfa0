// Reads `Retry-After` in both its forms: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3

/** Longer than this nobody waits: the endpoint is asked again anyway. */
const longestMs = 120_000;

/** @param now of the wall clock, in ms since 1970. @returns ms to wait; `undefined` when the header is missing or says nothing. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : isDate(text) ? Date.parse(text) - now : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(longestMs, Math.max(0, ms));
}

/** `Date.parse` alone takes much for a date: `1.5`, for one. */
function isDate(text: string): boolean {
  return /^[A-Z][a-z]+,? .*\d\d:\d\d:\d\d/.test(text);
}
