// The labels of everything that takes labels: a stack's own, and the platform's, by which a bill and a console are read.
import { project } from '../names.ts';

/**
 * Sorted: a provider that returns them in another order must not look like a change. The platform's own win.
 * @param owner the environment; `foundation` for what all environments share
 */
export function labelsOf(own: Readonly<Record<string, string>>, owner: string): Record<string, string> {
  const all = { ...own, environment: owner, 'managed-by': 'pulumi', project };
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}
