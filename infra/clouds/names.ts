// What the platform calls its own things in a vendor's account. Explicit, so that a person finds them in a console and a prover needs no search.
import type { Stack } from '../contract/stack.ts';

/** The Pulumi project, the registries' repository and the prefix of every other name. */
export const project = 'trireme';

/** `trireme-dev`: one service per environment and cloud. */
export function serviceName(stack: Pick<Stack, 'environment'>): string {
  return `${project}-${stack.environment}`;
}
