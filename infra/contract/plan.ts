// What a deployment would change, and the fingerprint an approval is bound to.
import { z } from 'zod';

export const planChange = z.strictObject({
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  operation: z.enum(['create', 'update', 'replace', 'delete', 'other']),
  /** Property paths that change, sorted: `template.containers[0].image`. */
  paths: z.array(z.string()),
});
export type PlanChange = z.infer<typeof planChange>;

export const plan = z.strictObject({
  stack: z.string(),
  /** Hash of what would change: sorted (urn, operation, changed inputs with their desired values); no secrets, nothing volatile. */
  fingerprint: z.string(),
  changes: z.array(planChange),
});
export type Plan = z.infer<typeof plan>;
