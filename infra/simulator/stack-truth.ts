// One stack as it truly is: what serves people, what Pulumi believes, and what becomes of a release that is put there.
import { DeliveryError } from '../contract/errors.ts';
import type { DeploymentResult } from '../contract/ports.ts';
import { copyFor, identityOf, type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { DeployedService, Staged } from '../contract/service.ts';
import type { Stack } from '../contract/stack.ts';
import type { Quality } from './quality.ts';
import { contracts, runtimeOf } from './runtimes.ts';

/** A release in its place; `dead` when nothing answers there. */
export interface Placed {
  readonly release: string;
  readonly dead: boolean;
}

export interface Operation {
  readonly number: number;
  readonly release: string;
  readonly succeeded: boolean;
}

/** Everything about a stack that a schedule can change; copied whole when a world is. */
export interface StackState {
  serving: Placed | undefined;
  slot: Placed | undefined;
  /** Of a hundred requests, how many the slot gets. */
  shared: number | undefined;
  /** What the engine's state says was applied: an `up` that would change nothing of it does nothing. */
  applied: string | undefined;
  outputs: DeployedService | undefined;
  /** An operation of which the engine does not know how it ended: the next `up` looks first. */
  pending: boolean;
  /** The service could not be created, and takes no update until it is destroyed. */
  failedCreate: boolean;
  operations: number;
  /** How many were sent, carried out or not. */
  orders: number;
  last: Operation | undefined;
  /** An order that the cloud has and has not carried out. */
  late: (() => void) | undefined;
  /** Somebody changed it outside the ledger. */
  outside: boolean;
}

export function emptyStack(): StackState {
  return {
    serving: undefined,
    slot: undefined,
    shared: undefined,
    applied: undefined,
    outputs: undefined,
    pending: false,
    failedCreate: false,
    operations: 0,
    orders: 0,
    last: undefined,
    late: undefined,
    outside: false,
  };
}

/** What `pulumi up` does, and what it says. @throws DeliveryError `errored` where the engine can't go on. */
export function bringUp(
  stack: Stack,
  state: StackState,
  manifest: ReleaseManifest,
  { stage, sharePercent }: Staged,
  quality: Quality,
): DeploymentResult {
  const { late } = state;
  state.late = undefined;
  late?.();
  if (state.pending) {
    state.pending = false;
    state.applied = state.serving?.release;
  }
  const release = releaseIdOf(manifest);
  const { failedCreate, failedUpdate, candidate } = contracts[runtimeOf[stack.cloud]];
  if (stage !== 'live') {
    if (candidate.value === 'none' || state.outputs === undefined)
      throw new DeliveryError('errored', `${stack.name} has no place for a candidate`);
    const dead = quality === 'dead';
    const { sharePercent: _, ...outputs } = state.outputs;
    state.slot = { release, dead };
    state.shared = stage === 'share' ? sharePercent : undefined;
    // A revision that never becomes ready is refused, and takes no traffic.
    if (dead && candidate.value === 'tagged-revision') {
      state.shared = undefined;
      return rejected(state, 'the revision is not ready');
    }
    state.outputs = {
      ...outputs,
      ...(state.shared === undefined ? {} : { sharePercent: state.shared }),
      candidateEndpoint: `http://${stack.name}.candidate.test`,
    };
    return applied(state);
  }
  if (state.applied === release) {
    state.shared = undefined;
    state.outputs = serviceOf(stack, manifest, state.last?.number ?? 0);
    return applied(state);
  }
  const starts = quality !== 'dead';
  const isFirst = state.serving === undefined;
  if (state.failedCreate) return rejected(state, 'the service could not be created and takes no update');
  const operation = { number: ++state.operations, release, succeeded: starts };
  state.last = operation;
  if (starts || failedUpdate.value === 'accepted-and-dead') {
    state.serving = { release, dead: !starts };
    // The rule that gave the slot a share goes with the same update.
    state.shared = undefined;
    state.applied = release;
    state.outputs = serviceOf(stack, manifest, operation.number);
    return applied(state);
  }
  if (isFirst) {
    state.failedCreate = failedCreate.value === 'service-failed';
    return rejected(state, 'the first revision is not ready');
  }
  if (failedUpdate.value === 'failed-revision') return rejected(state, 'the revision is not ready');
  // The platform went back by itself, and the engine saw success.
  state.applied = release;
  state.outputs = serviceOf(stack, manifest, operation.number);
  return applied(state);
}

/** The cloud changes, or begins to, and the engine never hears how it ended. */
export function bringUpHalf(
  stack: Stack,
  state: StackState,
  manifest: ReleaseManifest,
  staged: Staged,
  quality: Quality,
): void {
  const { applied: before, outputs } = state;
  try {
    bringUp(stack, state, manifest, staged, quality);
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
  }
  state.applied = before;
  state.outputs = outputs;
  state.pending = staged.stage === 'live';
}

function applied({ outputs }: StackState): DeploymentResult {
  return { outcome: 'applied', diagnostics: [], ...(outputs === undefined ? {} : { service: outputs }) };
}

function rejected({ outputs }: StackState, why: string): DeploymentResult {
  return { outcome: 'rejected', diagnostics: [why], ...(outputs === undefined ? {} : { service: outputs }) };
}

function serviceOf(stack: Stack, manifest: ReleaseManifest, operation: number): DeployedService {
  return {
    endpoint: `http://${stack.name}.live.test`,
    revision: `${stack.name}-${operation}`,
    coordinates: {},
    release: { ...identityOf(manifest), imageRef: copyFor(manifest, stack.cloud) },
  };
}
