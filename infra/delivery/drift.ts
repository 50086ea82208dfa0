// Is what runs what was declared? The stack's state, the ledger, the control plane and the service itself, compared field by field. Pure.
import { z } from 'zod';
import type { ResourceDrift } from '../contract/drift.ts';
import type { StackName } from '../contract/stack.ts';
import type { Check } from '../contract/verification.ts';
import type { StackTruth } from './environment-state.ts';

/** What was read of one stack. */
export interface DriftQuestion {
  /** What the ledger says. */
  readonly truth: Pick<StackTruth, 'stack' | 'knows' | 'runs' | 'why'>;
  /** The release that the stack's own outputs name; `null` when it has none, absent when they could not be read. */
  readonly deployed?: string | null;
  /** What the cloud shows otherwise than the stack's state. */
  readonly resources: readonly ResourceDrift[];
  /** The ledger's release looked for in the control plane and at the endpoint. */
  readonly checks: readonly Check[];
  /** What could not be read, one sentence each. */
  readonly untold: readonly string[];
}

export const driftOutcomes = ['none', 'drift', 'unknown'] as const;
export type DriftOutcome = (typeof driftOutcomes)[number];

const finding = z.strictObject({
  /** A resource by its name, `outputs`, or where a check was read. */
  where: z.string(),
  field: z.string(),
  declared: z.string(),
  found: z.string(),
});
export type DriftFinding = z.infer<typeof finding>;

export const stackDrift = z.strictObject({
  stack: z.string(),
  /** What the ledger says it runs; `null` when nothing, or nobody can tell. */
  release: z.string().nullable(),
  /** `unknown`: something could not be read, and nothing that could be differs. */
  outcome: z.enum(driftOutcomes),
  findings: z.array(finding).readonly(),
  untold: z.array(z.string()).readonly(),
  /** Nobody changed the cloud: configuration that the next release brings, one sentence each; left out when there is none. */
  waiting: z.array(z.string()).readonly().optional(),
});
export type StackDrift = Readonly<z.infer<typeof stackDrift>>;

export function driftOf({ truth, deployed, resources, checks, untold }: DriftQuestion): StackDrift {
  const { stack, runs } = truth;
  // While something is deployed, and where a job was lost, nothing is declared that could be compared with.
  if (truth.knows === 'under-way' || truth.knows === 'unknown') {
    return { stack, release: null, outcome: 'unknown', findings: [], untold: [`${stack} ${truth.why ?? truth.knows}`] };
  }
  const findings: readonly DriftFinding[] = [
    ...(deployed === undefined || deployed === runs
      ? []
      : [{ where: 'outputs', field: 'release', declared: runs ?? 'nothing', found: deployed ?? 'nothing' }]),
    ...resources.filter(({ kind }) => kind !== 'outdated').flatMap(findingsOf),
    ...checks
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ name, expected, found, source }) => ({ where: source, field: name, declared: expected, found })),
  ];
  const unread = [
    ...untold,
    ...checks
      .filter(({ outcome }) => outcome === 'errored')
      .map(({ name, found }) => `${stack}: ${name} could not be told: ${found}`),
  ];
  const outcome = findings.length > 0 ? 'drift' : unread.length > 0 ? 'unknown' : 'none';
  const waiting = resources.filter(({ kind }) => kind === 'outdated').map((one) => waitingInWords(stack, one));
  return { stack, release: runs, outcome, findings, untold: unread, ...(waiting.length === 0 ? {} : { waiting }) };
}

/** Drift outweighs what could not be read: somebody must look in any case, and knows where. */
export function worstDrift(stacks: readonly Pick<StackDrift, 'outcome'>[]): DriftOutcome {
  if (stacks.some(({ outcome }) => outcome === 'drift')) return 'drift';
  return stacks.length === 0 || stacks.some(({ outcome }) => outcome === 'unknown') ? 'unknown' : 'none';
}

/** One for each stack that is expected: of one that nobody looked at, nothing is known. */
export function gathered(expected: readonly StackName[], looks: readonly StackDrift[]): readonly StackDrift[] {
  return expected.map(
    (stack) =>
      looks.find((one) => one.stack === stack) ?? {
        stack,
        release: null,
        outcome: 'unknown',
        findings: [],
        untold: [`${stack} was not looked at: its job was lost, or could not begin`],
      },
  );
}

function waitingInWords(stack: string, { name, fields }: ResourceDrift): string {
  const which = fields.length === 0 ? '' : ` (${fields.map(({ path }) => path).join(', ')})`;
  return `${name} was changed since ${stack} was deployed${which}: its next release takes that in`;
}

function findingsOf({ name, kind, fields }: ResourceDrift): readonly DriftFinding[] {
  if (kind === 'missing') return [{ where: name, field: 'resource', declared: 'there', found: 'nothing' }];
  if (fields.length === 0) return [{ where: name, field: 'some', declared: 'as in the state', found: 'otherwise' }];
  return fields.map(({ path, declared, found }) => ({ where: name, field: path, declared, found }));
}
