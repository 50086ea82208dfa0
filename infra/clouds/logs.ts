// What the readers of the vendors' logs share: errors for people, and a bound on how much one question brings.
import { DeliveryError } from '../contract/errors.ts';
import type { LogLine } from '../contract/logs.ts';
import { Unanswered } from './polling.ts';

/** More lines than anybody reads; the newest are kept. */
export const mostLines = 10_000;

/** @throws DeliveryError `cloud-unreachable` for what may pass, `errored` for a refusal and for an answer in another shape. */
export async function readLines(
  product: string,
  right: string,
  read: () => Promise<readonly LogLine[]>,
): Promise<readonly LogLine[]> {
  try {
    const lines = await read();
    return [...lines].sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0)).slice(-mostLines);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const passing = error instanceof Unanswered ? error.passing : error instanceof TypeError;
    throw new DeliveryError(
      passing ? 'cloud-unreachable' : 'errored',
      `${product}: could not read its logs: ${reason}`,
      {
        hint: passing
          ? 'check the connection, then run the command again'
          : `check the credentials; reading logs needs ${right}`,
        cause: error,
      },
    );
  }
}
