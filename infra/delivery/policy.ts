// The team's rules for who may let a release into prod: `policy.yaml`, parsed once.
import { parse } from 'yaml';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { parseDocument } from '../contract/release.ts';

export const policySchema = 'trireme.policy/1';

const policy = z.strictObject({
  schema: z.literal(policySchema),
  approvals: z.strictObject({
    /** Where an approval may be given. Real clouds accept `github` only, whatever stands here. */
    via: z.array(z.enum(['local', 'github'])).min(1),
    /** Logins that may approve; empty means anyone the rules below let through. */
    approvers: z.array(z.string().min(1)),
    /** May someone who wrote a commit of the release approve it? */
    authorMayApprove: z.boolean(),
    /** May the one who asked for the promotion approve it? */
    requesterMayApprove: z.boolean(),
    /** Hours after which an approval no longer counts. */
    expiresHours: z.number().positive(),
  }),
});
export type Policy = z.infer<typeof policy>;

/** @throws DeliveryError `document-invalid` (every fault in one message) or `schema-unknown`. */
export function parsePolicy(text: string): Policy {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('document-invalid', `policy.yaml: expected YAML; found ${message}`, { cause });
  }
  return parseDocument('policy.yaml', policy, policySchema, value);
}
