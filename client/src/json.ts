// JSON in both directions, with nothing lost on the way out and nothing believed on the way in. Pure.
import { UsageError } from './errors.ts';

/** @throws UsageError for what JSON has no words for: cycles and big integers. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    throw new UsageError(
      `expected what JSON can say, found something else: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

/** JSON would make `null` of it, which may be a field left out. @throws UsageError */
export function refuseNonFinite(where: string, values: Iterable<unknown>): void {
  for (const value of values) {
    if (typeof value === 'number' && !Number.isFinite(value))
      throw new UsageError(`${where}: expected finite numbers, found ${value}`);
  }
}

/** @throws Error when it is not a JSON object in UTF-8. */
export function readJson({ body }: { readonly body: Uint8Array<ArrayBuffer> }): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected a JSON object');
  return value as Readonly<Record<string, unknown>>;
}
