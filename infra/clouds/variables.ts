// The variables every component gives its container, whatever the cloud.
import type { RuntimeContract } from '../contract/runtime.ts';
import { identityVariables, type ReleaseArgs, type ServiceConfig, servicePort } from '../contract/service.ts';

/**
 * The stack's own settings, who the container is, and `PORT` where the platform does not set it (where it does, setting it is refused).
 * Sorted by name: a provider that returns them in another order must not look like a change.
 */
export function containerVariables(
  config: Pick<ServiceConfig, 'env'>,
  release: ReleaseArgs,
  runtime: Pick<RuntimeContract, 'injectsPort'>,
): Record<string, string> {
  const variables = {
    ...config.env,
    ...(runtime.injectsPort.value ? {} : { PORT: String(servicePort) }),
    [identityVariables.releaseId]: release.releaseId,
    [identityVariables.imageDigest]: release.imageDigest,
  };
  return Object.fromEntries(Object.entries(variables).sort(([a], [b]) => (a < b ? -1 : 1)));
}
