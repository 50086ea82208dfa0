// Does a plan take away what answers requests? A service that is made anew, or by another runtime, has another address, and no way back. Pure.
import { DeliveryError } from './errors.ts';
import type { PlanChange } from './plan.ts';
import type { RuntimeName } from './service.ts';
import { type Environment, upstreamOf } from './stack.ts';

/** The one resource of each runtime that answers requests, in Pulumi's words. */
export const servingTypes: Readonly<Record<RuntimeName, string>> = {
  'app-runner': 'aws:apprunner/service:Service',
  'ecs-express': 'aws:ecs/expressGatewayService:ExpressGatewayService',
  'cloud-run': 'gcp:cloudrunv2/service:Service',
  'app-service': 'azure-native:web:WebApp',
};

/** The runtime that a resource of that type serves on. */
export function runtimeServing(type: string): RuntimeName | undefined {
  return (Object.keys(servingTypes) as RuntimeName[]).find((runtime) => servingTypes[runtime] === type);
}

export interface Replacement {
  /** What answers now. */
  readonly from: RuntimeName;
  /** What answers then: the same where it is made anew, another where the runtime changes, `null` where nothing does. */
  readonly to: RuntimeName | null;
}

type Change = Pick<PlanChange, 'type' | 'operation'>;

/** @param stays as in the plan. @returns `undefined`: what answers requests stays, or is updated in place. */
export function replacementIn(changes: readonly Change[], stays?: RuntimeName): Replacement | undefined {
  const replaced = serving(changes, 'replace');
  // Its successor is there since a change that was asked about then.
  if (replaced === undefined && (stays ?? serving(changes, 'update')) !== undefined) return undefined;
  const from = replaced ?? serving(changes, 'delete');
  if (from === undefined) return undefined;
  return { from, to: serving(changes, 'replace') ?? serving(changes, 'create') ?? null };
}

function serving(changes: readonly Change[], operation: PlanChange['operation']): RuntimeName | undefined {
  const types = changes.filter((change) => change.operation === operation).map(({ type }) => type);
  return (Object.keys(servingTypes) as RuntimeName[]).find((runtime) => types.includes(servingTypes[runtime]));
}

/** One line: what changes, and what it means for who calls the service. */
export function replacementInWords(stack: string, { from, to }: Replacement): string {
  if (to === null) return `${stack}: its service on ${from} is deleted, and nothing takes its place`;
  if (to === from) {
    return `${stack}: its service on ${from} is made anew: nothing answers meanwhile, and its address may change`;
  }
  return `${stack}: its runtime changes from ${from} to ${to}: a new service at a new address, and the old one is removed before the new one is proven; who calls the old address gets no answer then`;
}

/** One line for each plan that takes a service away. */
export function replacementLines(
  plans: readonly {
    readonly stack: string;
    readonly changes: readonly Change[];
    readonly stays?: RuntimeName | undefined;
  }[],
): readonly string[] {
  return plans.flatMap(({ stack, changes, stays }) => {
    const found = replacementIn(changes, stays);
    return found === undefined ? [] : [replacementInWords(stack, found)];
  });
}

/** Nobody meant it, as far as anybody said. @param lines what is taken away. */
export function refusedReplacement(lines: readonly string[], environment: Environment): DeliveryError {
  const asked =
    upstreamOf(environment) === undefined
      ? 'say so: npx trireme deploy --replace'
      : 'prepare it with the reason, which its approver is shown: npx trireme promote --release <release> --replace "<reason>"';
  return new DeliveryError('refused', `${lines.join('; ')}: nobody said that this is meant`, {
    hint: `take the change out of the stack file; where it is meant, ${asked}`,
  });
}

/**
 * The engine refuses to take away what is protected.
 * @param names of what is protected. @param changes what the engine got to know before it stopped.
 */
export function refusedProtected(stack: string, names: readonly string[], changes: readonly Change[]): DeliveryError {
  const found = replacementIn(changes);
  const are = names.length === 1 ? 'is' : 'are';
  const what = `${names.join(', ')} ${are} protected and would be deleted or made anew`;
  const message = found === undefined ? `${stack}: ${what}` : `${replacementInWords(stack, found)}; ${what}`;
  return new DeliveryError('refused', message, {
    hint: `take the change out of stacks/Pulumi.${stack}.yaml; where it is meant, first let a release with \`protect: false\` there, and nothing else changed, take its road, then the change with --replace`,
  });
}
