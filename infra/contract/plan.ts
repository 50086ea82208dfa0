// What a deployment would change, and the fingerprint an approval is bound to.
import { z } from 'zod';
import { runtimes } from './service.ts';

export const planChange = z.strictObject({
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  operation: z.enum(['create', 'update', 'replace', 'delete', 'other']),
  /** Property paths that change, sorted: `template.containers[0].image`. */
  paths: z.array(z.string()),
});
export type PlanChange = z.infer<typeof planChange>;

/** What the policy pack said and did not refuse, rules that are lowered for the stack among it; left out when it is nothing. */
export const planWarnings = z.array(z.string()).optional();

/** On which something goes on answering, untouched, while what answered elsewhere is deleted: the end of a change that was cut short. Else left out. */
export const planStays = z.enum(runtimes).optional();

export const plan = z.strictObject({
  stack: z.string(),
  /** Hash of what would change: sorted (urn, operation, changed inputs with their desired values); no secrets, nothing volatile. */
  fingerprint: z.string(),
  changes: z.array(planChange),
  warnings: planWarnings,
  stays: planStays,
});
export type Plan = z.infer<typeof plan>;

/** The changes of one plan or several, counted, in words: `1 update, 0 replaced, 0 deleted`. What can't be undone is named even when it is none. */
export function tallyInWords(changes: readonly PlanChange[]): string {
  const count = (operation: PlanChange['operation']) => changes.filter((one) => one.operation === operation).length;
  const created = count('create');
  const other = count('other');
  return [
    ...(created === 0 ? [] : [`${created} created`]),
    `${count('update')} updated`,
    `${count('replace')} replaced`,
    `${count('delete')} deleted`,
    ...(other === 0 ? [] : [`${other} otherwise`]),
  ].join(', ');
}
