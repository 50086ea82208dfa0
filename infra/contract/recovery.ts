// A stack's state after runs that were killed or given up: what was found in it, and what was done about it.
import type { RunOptions } from './ports.ts';

/** Something that the cloud may have and the state does not. */
export interface Orphan {
  readonly urn: string;
  readonly name: string;
  readonly type: string;
  /** As the vendor's provider takes it; `undefined`: only the vendor can say it. */
  readonly id: string | undefined;
}

export interface StateFindings {
  readonly stack: string;
  /** How many resources its state holds; `null` where it has no state at all. */
  readonly resources: number | null;
  /** Locks in words: of processes that are provably gone, and of others. */
  readonly locks: { readonly gone: readonly string[]; readonly held: readonly string[] };
  /** Operations of which nobody knows how they ended. */
  readonly pending: readonly { readonly name: string; readonly type: string; readonly operation: string }[];
  /** Recorded, and not well when the provider last looked. */
  readonly halfMade: readonly { readonly name: string; readonly type: string; readonly reasons: readonly string[] }[];
  /** The cloud has them: they were read there. */
  readonly orphans: readonly Orphan[];
  /** Their creation was under way, and no name tells their id. */
  readonly unnamed: readonly Orphan[];
  /** Ids that were given and took nothing in: the state lacks no such resource, or the cloud has nothing under that id. */
  readonly idle: readonly { readonly name: string; readonly why: 'not missing' | 'nothing there' }[];
}

export interface StateRepair {
  readonly adopted: readonly Orphan[];
  /** Afterwards: what is still pending or half-made, by name. None of it: the state is whole. */
  readonly left: readonly string[];
  /** What the next update would create, change or delete; `undefined`: nobody knows which release it would be of. */
  readonly next: readonly string[] | undefined;
}

/** Of one stack. Looking changes nothing. */
export interface StateRecovery {
  /** @param ids of what only the vendor can name, by the resource's name in the program. */
  look(run: RunOptions, ids?: Readonly<Record<string, string>>): Promise<StateFindings>;
  /** @param options.gone whoever holds a lock is known to be gone. @throws DeliveryError `stack-locked`, `errored`. */
  repair(findings: StateFindings, options: RunOptions & { readonly gone: boolean }): Promise<StateRepair>;
}

export function isWhole({ locks, pending, halfMade, orphans, unnamed }: StateFindings): boolean {
  return [locks.gone, locks.held, pending, halfMade, orphans, unnamed].every((found) => found.length === 0);
}
