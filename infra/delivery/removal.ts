// A stack that was taken down on purpose runs nothing, and the ledger says so.
import type { Stack } from '../contract/stack.ts';
import { type Delivery, persist, stamp } from './delivery.ts';
import { stackTruth } from './environment-state.ts';

/** Nothing is written where nothing was ever put, or it was taken down already. */
export async function noteRemoval(
  delivery: Pick<Delivery, 'ledger' | 'clock' | 'actor'>,
  stack: Stack,
  reason = 'by command',
): Promise<void> {
  await persist(delivery, (facts) => {
    const { attempt, runs } = stackTruth(facts, stack.name);
    if (attempt === null) return [];
    const body = { replaced: runs, reason };
    return [{ ...stamp(delivery), kind: 'removal', environment: stack.environment, stack: stack.name, body }];
  });
}
