// Asks until something is as expected: control planes work behind their answers.
import { expect } from 'vitest';

export async function settled<T>(ask: () => Promise<T>, isThere: (found: T) => boolean): Promise<T> {
  let found: T | undefined;
  await expect
    .poll(
      async () => {
        found = await ask();
        return isThere(found) ? 'there' : found;
      },
      { interval: 50 },
    )
    .toBe('there');
  return found as T;
}
