// What every delivery function is given: the ports, the rules, and the stacks that exist.
import { DeliveryError, type DeliveryErrorCode } from '../contract/errors.ts';
import type { Actor, DeploymentState, Fact, NewFact } from '../contract/fact.ts';
import type {
  Attestations,
  Clock,
  Deployer,
  Goldens,
  Ledger,
  PredictionPreviewer,
  Prover,
  Registry,
  Report,
  Signatures,
  TrafficReader,
} from '../contract/ports.ts';
import type { DeployedService, RuntimeName } from '../contract/service.ts';
import type { Cloud, Environment, Stack, StackName } from '../contract/stack.ts';
import type { Check } from '../contract/verification.ts';
import type { Policy } from './policy.ts';

/** One stack that has a stack file, and the runtime that file names. */
export interface Target {
  readonly stack: Stack;
  readonly runtime: RuntimeName;
}

export interface Delivery {
  readonly ledger: Ledger;
  readonly deployer: Deployer;
  readonly provers: Readonly<Partial<Record<RuntimeName, Prover>>>;
  readonly registries: Readonly<Partial<Record<Cloud, Registry>>>;
  readonly goldens: Goldens;
  readonly clock: Clock;
  /** A new random name: attempts are told apart by it. */
  readonly newId: () => string;
  /** What people's requests meet; without one a release is not watched. */
  readonly traffic?: Readonly<Partial<Record<RuntimeName, TrafficReader>>> | undefined;
  readonly previewer?: PredictionPreviewer | undefined;
  readonly attestations?: Attestations | undefined;
  /** Without one, a signed approval counts for nothing. */
  readonly signatures?: Signatures | undefined;
  readonly policy: Policy;
  /** The stack files present; any subset of clouds works and is spoken of as such. */
  readonly stacks: readonly Target[];
  /** Who acts: written into every fact. */
  readonly actor: Actor;
  /** How many times faster than real time a platform's own waiting passes; 1 on real clouds. */
  readonly timeScale: number;
  readonly report: Report;
  /** Emulated clouds: local approvals and images without a Dockerfile are accepted. */
  readonly emulated: boolean;
  /** How endpoints are asked. */
  readonly fetch: typeof fetch;
}

/** Narrows a delivery to some stacks, and stops it. */
export interface DeliveryOptions {
  /** Only these stacks of the environment; all of them when absent. */
  readonly stacks?: readonly StackName[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** How a release is taken to its stacks, besides where: what stops it, what becomes of a bad one. */
export interface Road {
  /** Why a stack may not be touched (any more), by the ledger as it is when its attempt begins and again inside each update. Pure. */
  readonly stops?: ((facts: readonly Fact[]) => string | undefined) | undefined;
  /** Default: `revert-target`. */
  readonly onTargetFailure?: Policy['promotions']['onTargetFailure'] | undefined;
  /** A rotation of secrets: the release that runs, in new instances. RFC 3339, and why, for the ledger. Default: none. */
  readonly secrets?: { readonly asOf: string; readonly reason: string } | undefined;
  /** What somebody changed in the cloud is put back: the release that runs, with its own settings. Why, for the ledger. Default: none. */
  readonly restores?: { readonly reason: string } | undefined;
  /** With the stack files that the release was made with, where the ledger holds them. Default: no, with this checkout's. */
  readonly asReleased?: boolean | undefined;
  /** Did somebody say that what answers requests may be taken away? Default: no; going back never asks. */
  readonly mayReplace?: boolean | undefined;
  /** Is what people's requests meet compared with what they met before, as the policy says? Default: no. */
  readonly watch?: boolean | undefined;
  /** Does a candidate get some of the traffic before it gets all, as the policy says? Default: no: who goes back is in a hurry. */
  readonly share?: boolean | undefined;
}

/** Prediction rows in the order of the golden cases, as an endpoint answered them. */
export type PredictionRows = readonly Readonly<Record<string, unknown>>[];

/** How one stack ended. */
export interface StackOutcome {
  readonly stack: StackName;
  readonly state: DeploymentState;
  /** One line: why it is not healthy, or what happened on the way. */
  readonly reason?: string;
  readonly seconds: number;
  readonly checks: readonly Check[];
  /** The release this stack is known to run now; `null` when nothing runs or nobody can tell. */
  readonly runs: string | null;
  readonly endpoint?: string;
  /** What the endpoint answered to the golden inputs; parity compares them. */
  readonly predictions?: PredictionRows;
  /** Another attempt, or a removal, has the stack now; and whether this one had told the cloud to change anything by then. */
  readonly overtaken?: { readonly by: string; readonly touched: boolean };
  /** A rule of the platform's or of the policy pack's stopped it before anything was touched. */
  readonly refused?: boolean;
}

/** The stacks of an environment that exist, narrowed by `only`. @throws DeliveryError `refused` when there is none. */
export function targetsIn(
  delivery: Pick<Delivery, 'stacks'>,
  environment: Environment,
  only?: readonly StackName[],
): readonly Target[] {
  const targets = delivery.stacks.filter(
    ({ stack }) => stack.environment === environment && (only === undefined || only.includes(stack.name)),
  );
  if (targets.length === 0) {
    throw new DeliveryError('refused', `expected a stack in ${environment}; found no stack file for one`, {
      hint: `add stacks/Pulumi.<cloud>-${environment}.yaml`,
    });
  }
  return targets;
}

/** A runtime that this checkout's stack file names may be none that runs yet: who asks what runs asks the one that does. */
export function runningOn(target: Target, service: DeployedService | undefined): Target {
  return service?.runtime === undefined ? target : { ...target, runtime: service.runtime };
}

export function proverFor(delivery: Delivery, target: Target): Prover {
  const prover = delivery.provers[target.runtime];
  if (prover === undefined) {
    throw new DeliveryError('config-invalid', `${target.stack.name}: no prover for runtime \`${target.runtime}\``);
  }
  return prover;
}

/** `at` and `actor` of a new fact. */
export function stamp(delivery: Pick<Delivery, 'clock' | 'actor'>): Pick<NewFact, 'at' | 'actor'> {
  return { at: new Date(delivery.clock.now()).toISOString(), actor: delivery.actor };
}

/** Once more means the same again: the try may have been in time, or have come to nothing. */
export const worthAnotherTry: ReadonlySet<string> = new Set<DeliveryErrorCode>([
  'errored',
  'stack-locked',
  'cloud-unreachable',
]);
const recordPausesMs = [1_000, 4_000];

/** Appends; tried again while the ledger can't be reached. @throws DeliveryError of the last try. */
export async function persist(
  delivery: Pick<Delivery, 'ledger' | 'clock'>,
  decide: (facts: readonly Fact[]) => readonly NewFact[],
): Promise<readonly Fact[]> {
  for (const pauseMs of recordPausesMs) {
    try {
      return await delivery.ledger.append(decide);
    } catch (error) {
      if (!(error instanceof DeliveryError) || !worthAnotherTry.has(error.code)) throw error;
      await delivery.clock.sleep(pauseMs);
    }
  }
  return delivery.ledger.append(decide);
}

export async function record(delivery: Pick<Delivery, 'ledger' | 'clock'>, ...facts: NewFact[]): Promise<void> {
  await persist(delivery, () => facts);
}
