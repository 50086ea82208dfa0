// After a run that was killed: its lock, and operations of which nobody knows how they ended.
import { DeliveryError } from '../contract/errors.ts';
import type { Leftovers } from '../contract/ports.ts';
import {
  describeLock,
  type Lock,
  type Owner,
  ownerOf,
  type ProcessLookup,
  parseLocks,
  programOf,
  readLocks,
  removeLock,
  thisMachine,
} from './lock.ts';
import { nameOf } from './plan.ts';
import type { PendingOperation } from './state.ts';

/** What to do about a stack that is locked. */
export type LockDecision =
  | { readonly action: 'remove'; readonly locks: readonly Lock[] }
  | { readonly action: 'wait'; readonly locks: readonly Lock[] };

/** Only when every owner is known to be gone is there nobody to wait for. */
export function decideOnLocks(locks: readonly { readonly lock: Lock; readonly owner: Owner }[]): LockDecision {
  const everyOwnerGone = locks.length > 0 && locks.every(({ owner }) => owner === 'gone');
  return { action: everyOwnerGone ? 'remove' : 'wait', locks: locks.map(({ lock }) => lock) };
}

/**
 * @param printed what the CLI said when it found the lock.
 * @returns whether the stack is free now.
 */
export async function removeDeadLocks(printed: string, lookUp: ProcessLookup = programOf): Promise<boolean> {
  const here = thisMachine();
  const locks = await Promise.all(
    parseLocks(printed).map(async (lock) => ({ lock, owner: await ownerOf(lock, here, lookUp) })),
  );
  const decision = decideOnLocks(locks);
  if (decision.action === 'wait') return false;
  const removed = await Promise.all(decision.locks.map(removeLock));
  return removed.every(Boolean);
}

/** The locks in a folder, by whether their owners are known to be gone. */
export async function lookAtLocksIn(
  folder: string,
  lookUp: ProcessLookup = programOf,
): Promise<{ readonly gone: readonly string[]; readonly held: readonly string[] }> {
  const here = thisMachine();
  const found = await Promise.all(
    (await readLocks(folder)).map(async (lock) => ({ lock, owner: await ownerOf(lock, here, lookUp) })),
  );
  const words = (isGone: boolean) =>
    found.filter(({ owner }) => (owner === 'gone') === isGone).map(({ lock }) => describeLock(lock));
  return { gone: words(true), held: words(false) };
}

/** Removes the locks in a folder whose owners are known to be gone, one by one, and leaves all others. */
export async function freeLocksIn(folder: string, lookUp: ProcessLookup = programOf): Promise<Leftovers> {
  const here = thisMachine();
  const found = await Promise.all(
    (await readLocks(folder)).map(async (lock) => ({ lock, owner: await ownerOf(lock, here, lookUp) })),
  );
  const gone = found.filter(({ owner }) => owner === 'gone').map(({ lock }) => lock);
  await Promise.all(gone.map(removeLock));
  const held = found.filter(({ owner }) => owner !== 'gone').map(({ lock }) => lock);
  return { removed: gone.map(describeLock), held: held.map(describeLock) };
}

export function lockedError(stack: string, printed: string, waitedSeconds: number): DeliveryError {
  const owners = parseLocks(printed).map(describeLock).join(', ');
  return new DeliveryError(
    'stack-locked',
    `${stack}: expected it to be free within ${waitedSeconds} s; found it locked by ${owners || 'another update'}`,
    { hint: `wait for that update; when its process is known to be gone: pulumi cancel --stack ${stack}` },
  );
}

/**
 * What a refresh that clears pending creates can't find out: the vendor may have finished a create that was never recorded.
 * Looking for it is the vendor's API's business; the next update then fails with "already exists", and this says what to do.
 */
export function orphanNotes(pending: readonly PendingOperation[]): string[] {
  return pending
    .filter(({ operation }) => operation === 'creating')
    .map(
      ({ urn }) =>
        `${nameOf(urn)}: its creation was under way when an earlier run was killed; if the cloud says it exists already: npx trireme recover ${stackIn(urn)}`,
    );
}

/** `urn:pulumi:<stack>::…` */
function stackIn(urn: string): string {
  return urn.split('::')[0]?.split(':')[2] ?? '';
}
