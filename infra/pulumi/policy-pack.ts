// The policy pack as the engine runs it: where it is, and what it said about a stack, in words for people.
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { DeliveryError } from '../contract/errors.ts';
import type { Environment } from './engine-command.ts';
import { compare, nameOf } from './plan.ts';

/** Run on every preview and update; a drift check and a removal change nothing that a rule could refuse. */
export interface PolicyPack {
  /** What the CLI takes as `--policy-pack`. */
  readonly path: string;
  /** Made ready for one operation. @throws DeliveryError `document-invalid`: what lowers its rules can't be read */
  serve(operation: { readonly isPreview: boolean }): Promise<{ readonly variables: Environment; close(): void }>;
}

/** One rule broken by one resource. */
export interface Violation {
  readonly rule: string;
  readonly resource: string;
  /** Path, expected, found. */
  readonly finding: string;
  readonly mend?: string;
  readonly isMandatory: boolean;
}

export function violationOf(event: EngineEvent): Violation | undefined {
  const found = event.policyEvent;
  if (found === undefined) return undefined;
  const lines = found.message
    .replace(/<\{%[^%]*%\}>/g, '')
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const mend = lines.find((line) => line.startsWith(mendMark))?.slice(mendMark.length);
  const said = lines.filter((line) => !line.startsWith(mendMark) && !line.startsWith('why: '));
  return {
    rule: found.policyName,
    resource: nameOf(found.resourceUrn ?? ''),
    finding: said.join('; '),
    ...(mend === undefined ? {} : { mend }),
    isMandatory: found.enforcementLevel === 'mandatory',
  };
}

const mendMark = 'how to mend it: ';

/** `undefined`: nothing that was said stops it. */
export function policyRefusal(stack: string, violations: readonly Violation[]): DeliveryError | undefined {
  const broken = violations.filter(({ isMandatory }) => isMandatory);
  if (broken.length === 0) return undefined;
  const mends = [...new Set(broken.flatMap(({ rule, mend }) => (mend === undefined ? [] : [`${rule}: ${mend}`])))];
  return new DeliveryError('refused', `${stack}: refused by the policy pack: ${sentences(broken).join('; ')}`, {
    hint: `${mends.join('; ')}; or lower a rule for a time, with a reason: \`packs\` in policy.yaml`,
  });
}

/** What does not stop it, one sentence each, in an order of their own. */
export function policyWarnings(violations: readonly Violation[]): readonly string[] {
  return sentences(violations.filter(({ isMandatory }) => !isMandatory));
}

function sentences(violations: readonly Violation[]): string[] {
  return [...new Set(violations.map(({ rule, resource, finding }) => `${rule}, ${resource}: ${finding}`))].sort(
    compare,
  );
}
