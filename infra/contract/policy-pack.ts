// The policy pack in words: its rules by name, and how `policy.yaml` lowers one of them for a stack: with a reason, and an end.
import { z } from 'zod';

export const ruleIds = [
  'image-by-digest',
  'no-wildcard-grant',
  'no-wildcard-trust',
  'no-public-grant',
  'registry-hardened',
  'tls-only',
  'no-plain-secret',
  'instances-bounded',
  'prod-spare-instance',
  'log-retention',
  'labelled',
  'bucket-private',
  'bucket-versioned',
  'database-private',
  'database-encrypted',
  'prod-data-protected',
] as const;
export type RuleId = (typeof ruleIds)[number];

/** `mandatory` stops an operation; `advisory` is shown each time; `disabled` is not judged, and that is shown each time. */
export type Enforcement = 'mandatory' | 'advisory' | 'disabled';

const waiver = z.strictObject({
  enforcement: z.enum(['advisory', 'disabled']),
  /** Stacks by name, foundations and `github` too. */
  stacks: z.array(z.string().min(1)).min(1),
  reason: z.string().min(1),
  /** From this moment on the rule holds again; a date means its first minute, UTC. */
  until: z.union([z.iso.date(), z.iso.datetime({ offset: true })]),
});
export type Waiver = z.infer<typeof waiver>;

export const waivers = z.partialRecord(z.enum(ruleIds), waiver);
export type Waivers = z.infer<typeof waivers>;

export interface Verdict {
  readonly enforcement: Enforcement;
  /** In whose words it is not what the pack says; or that those words are over. */
  readonly note?: string;
}

/** @param nowMs milliseconds since the epoch */
export function enforcementOf(
  rule: { readonly id: RuleId; readonly enforcement: Enforcement },
  stack: string,
  lowered: Waivers,
  nowMs: number,
): Verdict {
  const found = lowered[rule.id];
  if (found === undefined || !found.stacks.includes(stack)) return { enforcement: rule.enforcement };
  const { enforcement, reason, until } = found;
  if (nowMs >= Date.parse(until)) {
    return { enforcement: rule.enforcement, note: `policy.yaml lowered it for ${stack} until ${until}; that is over` };
  }
  return { enforcement, note: `${enforcement} for ${stack} until ${until} by policy.yaml: ${reason}` };
}
