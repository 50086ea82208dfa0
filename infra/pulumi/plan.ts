// What a preview would change, from the engine's own events, and the fingerprint an approval is bound to.
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { canonicalJson, sha256 } from '../contract/canonical.ts';
import type { Plan, PlanChange } from '../contract/plan.ts';
import { runtimeServing } from '../contract/replacement.ts';

/** The part of the engine's step metadata that a plan is made of. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  /** Inputs the program asks for; absent on a deletion. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** Property paths that differ; absent when the provider could not say. */
  readonly paths?: readonly string[];
}

/** @param warnings what the policy pack said and did not refuse: whoever approves the plan approves it with these. */
export function planOf(stack: string, steps: readonly Step[], warnings: readonly string[] = []): Plan {
  const changes = merged(steps.filter((step) => operations[step.op] !== null && step.type !== stackType))
    .map((step) => ({ step, change: changeOf(step) }))
    .sort((a, b) => compare(a.change.urn, b.change.urn) || compare(a.change.operation, b.change.operation));
  const desired = changes.map(({ step, change }) => ({
    urn: change.urn,
    operation: change.operation,
    inputs: desiredInputs(step, change),
  }));
  const said = warnings.length === 0 ? {} : { warnings: [...warnings] };
  return {
    stack,
    fingerprint: sha256(canonicalJson({ schema: 'trireme.plan/1', stack, desired, ...said })),
    changes: changes.map(({ change }) => change),
    ...said,
    ...staying(steps),
  };
}

function staying(steps: readonly Step[]): Pick<Plan, 'stays'> {
  const serves = ({ op, type }: Step, wanted: string) => (op === wanted ? runtimeServing(type) : undefined);
  const goes = steps.some((step) => serves(step, 'delete') !== undefined);
  const stays = steps.map((step) => serves(step, 'same')).find((runtime) => runtime !== undefined);
  return goes && stays !== undefined ? { stays } : {};
}

/** Every step a preview announces comes as `resourcePreEvent`, once. */
export function stepOf(event: EngineEvent): Step | undefined {
  const metadata = event.resourcePreEvent?.metadata;
  if (metadata === undefined) return undefined;
  const detailed = metadata.detailedDiff ?? undefined;
  const paths = detailed === undefined ? (metadata.diffs ?? undefined) : Object.keys(detailed);
  return {
    op: metadata.op,
    urn: metadata.urn,
    type: metadata.type,
    ...(metadata.new?.inputs ? { inputs: metadata.new.inputs } : {}),
    ...(paths === undefined ? {} : { paths }),
  };
}

/** `Service api` out of `urn:pulumi:gcp-dev::trireme::…$gcp:cloudrunv2/service:Service::api`. */
export function nameOf(urn: string): string {
  return urn.split('::').slice(3).join('::');
}

export const stackType = 'pulumi:pulumi:Stack';

/** The engine's steps in a plan's words; `null` changes nothing. https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/history.go */
const operations: Readonly<Record<string, PlanChange['operation'] | null>> = {
  same: null,
  read: null,
  'read-replacement': null,
  'read-discard': null,
  refresh: null,
  create: 'create',
  update: 'update',
  delete: 'delete',
  discard: 'delete',
  'discard-replaced': 'replace',
  replace: 'replace',
  'create-replacement': 'replace',
  'delete-replaced': 'replace',
  'import-replacement': 'replace',
};

/** Of a resource in a cloud; what Pulumi itself keeps (the stack, components' providers) is nobody's. */
export function changesSomething({ op, type }: Step): boolean {
  return operations[op] !== null && !type.startsWith('pulumi:') && !type.startsWith('trireme:');
}

/** A replacement is three steps of one resource; the one that knows the desired inputs stands for all. */
function merged(steps: readonly Step[]): Step[] {
  const byChange = new Map<string, Step>();
  for (const step of steps) {
    const key = `${operations[step.op] ?? 'other'} ${step.urn}`;
    const known = byChange.get(key);
    byChange.set(key, known === undefined || known.inputs === undefined ? step : known);
  }
  return [...byChange.values()];
}

function changeOf(step: Step): PlanChange {
  const operation = operations[step.op] ?? 'other';
  return {
    urn: step.urn,
    type: step.type,
    name: nameOf(step.urn),
    operation,
    paths: operation === 'create' || operation === 'delete' ? [] : [...(step.paths ?? [])].sort(compare),
  };
}

/** On a change in place: the values at the paths that change. Otherwise, and where the provider did not say which: every input. */
function desiredInputs(step: Step, change: PlanChange): unknown {
  if (change.operation === 'delete' || step.inputs === undefined) return null;
  const inputs = settled(step.inputs);
  if (change.operation === 'create' || change.paths.length === 0) return inputs;
  return change.paths.map((path) => ({ path, value: valueAt(inputs, path) ?? null }));
}

const signature = '4dabf18193072939515e22adb298388d';
const secretSignature = '1b47061264138c4ac30d75fd1eb44270';

/** Without secrets, and without what bridged providers note down for themselves (`__defaults`). */
export function settled(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(settled);
  if (typeof value !== 'object' || value === null) return value;
  if (signature in value && value[signature] === secretSignature) return '[secret]';
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__defaults')
      .map(([key, inner]) => [key, settled(inner)]),
  );
}

/** Walks a path as the engine writes it: `template.containers[0].image`, `tags["a.b"]`. */
export function valueAt(value: unknown, path: string): unknown {
  let current = value;
  for (const [, bracketed, quoted, plain] of path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)) {
    if (typeof current !== 'object' || current === null) return undefined;
    const key = bracketed ?? quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '';
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
