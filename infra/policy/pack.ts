// The rules as `@pulumi/policy` takes them: each judges the resource it is shown, and policy.yaml says how much that counts on a stack.
import type { ReportViolation, ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import { type Enforcement, enforcementOf, type RuleId, ruleIds, type Waivers } from '../contract/policy-pack.ts';
import type { Finding, Judged, Rule } from './rule.ts';
import { rules } from './rules.ts';
import { plainFields } from './value.ts';

export const packName = 'trireme';

export interface PackOptions {
  readonly waivers: Waivers;
  /** Milliseconds since the epoch: waivers end. */
  readonly now: () => number;
  /** What a value counts that is not known yet. A preview warns of it; nothing is unknown to an update. */
  readonly unknownIs: Extract<Enforcement, 'mandatory' | 'advisory'>;
}

type Policies = (ResourceValidationPolicy & StackValidationPolicy)[];

export function policiesFor(options: PackOptions): Policies {
  return ruleIds.map((id) => policyFor(id, rules[id], options));
}

function policyFor(id: RuleId, rule: Rule, options: PackOptions): Policies[number] {
  const told = { id, rule, options };
  return {
    name: id,
    description: rule.reason,
    enforcementLevel: rule.enforcement === 'advisory' ? 'advisory' : 'mandatory',
    remediationSteps: rule.mend,
    ...(rule.pages[0] === undefined ? {} : { url: rule.pages[0] }),
    validateResource({ urn, type, name, props, opts }, report) {
      const stack = stackOf(urn);
      if (type === 'pulumi:pulumi:Stack') return tellLowered(told, stack, report);
      if (rule.resource === undefined) return;
      const judged = { urn, type, name, stack, inputs: plainFields(props), isProtected: opts.protect };
      for (const finding of rule.resource(judged)) tell(told, judged, finding, report);
    },
    validateStack({ resources }, report) {
      if (rule.stack === undefined) return;
      const judged = resources.map(({ urn, type, name, props, opts, dependencies }) => ({
        urn,
        type,
        name,
        stack: stackOf(urn),
        inputs: plainFields(props),
        isProtected: opts.protect,
        dependencies: dependencies.map((one) => one.urn),
      }));
      for (const finding of rule.stack(judged)) {
        const about = judged.find((one) => one.urn === finding.urn);
        if (about !== undefined) tell(told, about, finding, report);
      }
    },
  };
}

interface Told {
  readonly id: RuleId;
  readonly rule: Rule;
  readonly options: PackOptions;
}

function tell({ id, rule, options }: Told, about: Judged, finding: Finding, report: ReportViolation): void {
  const { enforcement, note } = enforcementOf(
    { id, enforcement: rule.enforcement },
    about.stack,
    options.waivers,
    options.now(),
  );
  if (enforcement === 'disabled') return;
  const level = finding.isUnknown && enforcement === 'mandatory' ? options.unknownIs : enforcement;
  const { path, expected, found, isUnknown } = finding;
  const later = isUnknown && level === 'advisory' ? ': it is judged then' : '';
  const lines = [
    `${inBrackets(path)}: expected ${expected}; found ${found}${later}`,
    ...(note === undefined ? [] : [note]),
    `how to mend it: ${rule.mend}`,
    `why: ${rule.reason} ${pageFor(rule, about.type)}`,
  ];
  violation(report, { message: lines.join('\n'), urn: about.urn, enforcementLevel: level });
}

/** A rule that is lowered is said once for each stack, whether anything breaks it or not. */
function tellLowered({ id, rule, options }: Told, stack: string, report: ReportViolation): void {
  const { note } = enforcementOf({ id, enforcement: rule.enforcement }, stack, options.waivers, options.now());
  if (note !== undefined) violation(report, { message: note, enforcementLevel: 'advisory' });
}

/** The function takes a violation with a level of its own, which its type does not say; the version is pinned, and a test asks the engine. */
function violation(
  report: ReportViolation,
  one: { readonly message: string; readonly urn?: string; readonly enforcementLevel: Enforcement },
): void {
  (report as (violation: unknown) => void)(one);
}

/** `urn:pulumi:<stack>::<project>::…` */
export function stackOf(urn: string): string {
  return urn.split('::')[0]?.split(':').at(-1) ?? '';
}

/** `template.containers.0.image` as people write it. */
function inBrackets(path: string): string {
  return path.replace(/\.(\d+)(?=\.|$)/g, '[$1]');
}

const hosts: readonly (readonly [string, string])[] = [
  ['aws:', 'https://docs.aws.amazon.com/'],
  ['gcp:', 'https://cloud.google.com/'],
  ['azure-native:', 'https://learn.microsoft.com/'],
];

/** The page of the vendor whose resource it is. */
function pageFor({ pages }: Rule, type: string): string {
  const host = hosts.find(([prefix]) => type.startsWith(prefix))?.[1];
  return (host === undefined ? undefined : pages.find((page) => page.startsWith(host))) ?? pages[0] ?? '';
}
