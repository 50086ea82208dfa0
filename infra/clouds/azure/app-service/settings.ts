// The app settings of a site: the container's variables, and what is told to the platform in the same list.
import type { Input, Output } from '@pulumi/pulumi';
import type { ReleaseArgs, ServiceConfig } from '../../../contract/service.ts';
import { readyPath, resourceVariables, servicePort } from '../../../contract/service.ts';
import { containerVariables } from '../../variables.ts';
import { appService } from './runtime.ts';

/** https://learn.microsoft.com/en-us/azure/app-service/reference-app-settings */
const platformSettings = {
  WEBSITES_PORT: String(servicePort),
  // Left out, any answer at all counts as started, an error too.
  WEBSITE_WARMUP_PATH: readyPath,
  WEBSITE_WARMUP_STATUSES: '200',
  WEBSITES_CONTAINER_START_TIME_LIMIT: String(appService.start.limitSeconds.value),
  // Left out, a container gets five seconds to drain.
  WEBSITES_CONTAINER_STOP_TIME_LIMIT: '30',
  // Nothing is kept in `/home`, so it need not be a network share.
  WEBSITES_ENABLE_APP_SERVICE_STORAGE: 'false',
};

/** What the stack made beside the service, for its container. */
export interface MadeSettings {
  /** `<key vault>/<secret>` */
  readonly databaseSecret?: Output<string>;
  readonly objectStoreUrl?: Output<string>;
  /** The service's own identity: the SDK must be told which, as the site has several. */
  readonly clientId?: Output<string>;
}

/** Sorted by name: a list in another order would be a change. */
export function siteSettings(
  config: Pick<ServiceConfig, 'env' | 'secrets'>,
  release: ReleaseArgs,
  { databaseSecret, objectStoreUrl, clientId }: MadeSettings = {},
): { name: string; value: Input<string> }[] {
  const secrets = Object.entries(config.secrets).map(([name, secret]) => [name, keyVaultReference(secret)]);
  const settings: Record<string, Input<string>> = {
    ...containerVariables(config, release, appService),
    ...Object.fromEntries(secrets),
    ...platformSettings,
    ...(databaseSecret === undefined ? {} : { [resourceVariables.database]: databaseSecret.apply(keyVaultReference) }),
    ...(objectStoreUrl === undefined ? {} : { [resourceVariables.objectStore]: objectStoreUrl }),
    // https://learn.microsoft.com/javascript/api/overview/azure/identity-readme#environment-variables
    ...(clientId === undefined ? {} : { AZURE_CLIENT_ID: clientId }),
  };
  return Object.entries(settings)
    .map(([name, value]) => ({ name, value }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function containerImage(release: Pick<ReleaseArgs, 'imageRef'>): string {
  return `DOCKER|${release.imageRef}`;
}

/** `<key vault>/<secret>`: https://learn.microsoft.com/en-us/azure/app-service/app-service-key-vault-references */
function keyVaultReference(secret: string): string {
  const [vault = '', name = ''] = secret.split('/');
  return `@Microsoft.KeyVault(VaultName=${vault};SecretName=${name})`;
}
