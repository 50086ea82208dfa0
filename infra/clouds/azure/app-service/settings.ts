// The app settings of a site: the container's variables, and what is told to the platform in the same list.
import type { ReleaseArgs, ServiceConfig } from '../../../contract/service.ts';
import { readyPath, servicePort } from '../../../contract/service.ts';
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

export function siteSettings(config: ServiceConfig, release: ReleaseArgs): { name: string; value: string }[] {
  const secrets = Object.entries(config.secrets).map(([name, secret]) => [name, keyVaultReference(secret)]);
  const settings = {
    ...containerVariables(config, release, appService),
    ...Object.fromEntries(secrets),
    ...platformSettings,
  };
  return Object.entries<string>(settings)
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
