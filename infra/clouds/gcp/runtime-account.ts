// The account a container of an environment acts as: the foundation makes it where GitHub deploys, else the service stack itself.
import type { Environment } from '../../contract/stack.ts';
import { serviceName } from '../names.ts';

/** The same whoever makes it: it has no right at all, until a secret is named. */
export function runtimeAccountArgs(environment: Environment): {
  readonly accountId: string;
  readonly displayName: string;
} {
  return { accountId: serviceName({ environment }), displayName: `Prediction service, ${environment}` };
}
