// Secrets of a service on Cloud Run: who may read which, and how a container gets them.
import { SecretIamMember } from '@pulumi/gcp/secretmanager/secretIamMember.js';
import type { Account } from '@pulumi/gcp/serviceaccount/account.js';
import type { cloudrunv2 } from '@pulumi/gcp/types/input.js';
import type { ComponentResource } from '@pulumi/pulumi';
import type { PredictionServiceArgs, ServiceConfig } from '../../../contract/service.ts';
import { secretVersion } from '../secret-names.ts';

interface Reader {
  readonly secret: string;
  /** Under which the live release reads it. */
  readonly variable: string | undefined;
}

/** One for each secret, whatever it is called in the container: a variable may mean another one in the live release and in the candidate. */
export function readersOf(config: Pick<ServiceConfig, 'secrets'>, liveConfig = config): readonly Reader[] {
  const named = ({ secrets }: typeof config) =>
    Object.entries(secrets).map(([variable, secret]) => [secretVersion(secret).secret, variable] as const);
  const live = new Map(named(liveConfig));
  const all = new Set([...named(config), ...live].map(([secret]) => secret));
  return [...all].sort().map((secret) => ({ secret, variable: live.get(secret) }));
}

export function allowSecrets(
  parent: ComponentResource,
  { config, liveConfig }: Pick<PredictionServiceArgs, 'config' | 'liveConfig'>,
  account: Account,
): readonly SecretIamMember[] {
  return readersOf(config, liveConfig).map(
    ({ secret, variable }) =>
      new SecretIamMember(
        `reader-${secret}`,
        { secretId: secret, role: 'roles/secretmanager.secretAccessor', member: account.member },
        // Its name before. Deleted under that name, it would take the right with it.
        { parent, ...(variable === undefined ? {} : { aliases: [{ name: `read-${variable}` }] }) },
      ),
  );
}

export function secretVariables(config: ServiceConfig): cloudrunv2.ServiceTemplateContainerEnv[] {
  return Object.entries(config.secrets)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, secret]) => ({ name, valueSource: { secretKeyRef: secretVersion(secret) } }));
}
