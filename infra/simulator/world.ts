// The truth that delivery can only ask about: three clouds in two environments, their registries, and the ledger's branch.
import type { Fact } from '../contract/fact.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Stage } from '../contract/service.ts';
import { everyStackName, parseStack, type Stack, type StackName } from '../contract/stack.ts';
import type { Process } from './process.ts';
import { type Qualities, type Quality, qualityOn } from './quality.ts';
import { emptyStack, type StackState } from './stack-truth.ts';

/** Told of everything that changes, as it changes. */
export interface Witness {
  /** A release was put on a stack, or an attempt at it was made. */
  changed(change: Change): void;
  appended(added: readonly Fact[], by: Process): void;
}

export interface Change {
  readonly stack: Stack;
  readonly release: string;
  readonly stage: Stage;
  readonly by: Process;
}

export const everyStack: readonly Stack[] = everyStackName.map((name) => parseStack(name));

/** A world as it can be kept and begun from again. */
export interface Snapshot {
  readonly facts: readonly Fact[];
  readonly stacks: ReadonlyMap<StackName, StackState>;
  readonly manifests: readonly ReleaseManifest[];
}

export class World {
  /** What the branch holds; a new array with every append, so that who has read it sees what was there. */
  facts: readonly Fact[];
  readonly stacks: ReadonlyMap<StackName, StackState>;
  /** By the engine's lock on each stack, who holds it. */
  readonly locks = new Map<StackName, Process>();
  readonly manifests = new Map<string, ReleaseManifest>();
  readonly qualities = new Map<string, Qualities>();
  /** When each fact truly came to be, by its id: `at` is what its writer's clock said. */
  readonly writtenMs = new Map<string, number>();
  witness: Witness = { changed: () => {}, appended: () => {} };
  #made: number;

  constructor(from: Snapshot = { facts: [], stacks: new Map(), manifests: [] }) {
    this.facts = from.facts;
    this.stacks = new Map(
      everyStack.map(({ name }) => [name, { ...(from.stacks.get(name) ?? emptyStack()) }] as const),
    );
    for (const manifest of from.manifests) this.manifests.set(releaseIdOf(manifest), manifest);
    this.#made = from.manifests.length;
  }

  snapshot(): Snapshot {
    return { facts: this.facts, stacks: this.stacks, manifests: [...this.manifests.values()] };
  }

  state(stack: StackName): StackState {
    const state = this.stacks.get(stack);
    if (state === undefined) throw new Error(`no stack ${stack}`);
    return state;
  }

  qualityOn(stack: StackName, release: string): Quality {
    return qualityOn(this.qualities.get(release) ?? {}, stack);
  }

  /** A number that no release was made with yet. */
  nextImage(): number {
    return ++this.#made;
  }
}
