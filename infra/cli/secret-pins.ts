// Which secrets of a stack file follow the newest value, and which name one version. Pure.
import { resourceVariables, type ServiceConfig } from '../contract/service.ts';
import type { Cloud } from '../contract/stack.ts';

/** Names of the variables that are secrets; the address of a database that the stack makes is one as well. */
export function secretVariables({ secrets, database }: Pick<ServiceConfig, 'secrets' | 'database'>): readonly string[] {
  return [...Object.keys(secrets), ...(database === undefined ? [] : [resourceVariables.database])];
}

/**
 * AWS: `<arn>:<json key>:<stage>:<version id>`, https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 * Google Cloud: `<secret>:<version>` or `…/versions/<version>`, https://cloud.google.com/run/docs/configuring/services/secrets
 * Azure: the stack file names vault and secret, never a version.
 */
const isPinned: Readonly<Record<Cloud, (reference: string) => boolean>> = {
  aws: (reference) => (reference.split(':')[9] ?? '') !== '',
  gcp: (reference) => {
    const version = /(?::|\/versions\/)([^:/]+)$/.exec(reference)?.[1];
    return version !== undefined && version !== 'latest';
  },
  azure: () => false,
};

/** Names of the variables. */
export function pinnedSecrets(cloud: Cloud, secrets: ServiceConfig['secrets']): readonly string[] {
  return Object.entries(secrets).flatMap(([name, reference]) => (isPinned[cloud](reference) ? [name] : []));
}
