// Work on several stacks at once that is never left running: a stack whose sibling failed still ends on its own.
import { DeliveryError } from '../contract/errors.ts';

/** All results, once everything has ended. @throws the first bug, or else the first error, also only then. */
export async function settleAll<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  const thrown: unknown[] = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (thrown.length > 0) throw thrown.find((error) => !(error instanceof DeliveryError)) ?? thrown[0];
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}
