// Planted bugs: each is one rule left out or turned round, and the simulator has to notice.
import type { Invariant } from './rules.ts';

export interface Mutant {
  readonly name: string;
  /** Below `infra/`. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** What must be seen to break. */
  readonly breaks: Invariant;
}

export const mutants: readonly Mutant[] = [];
