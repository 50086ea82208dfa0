// How ARM shows a site and what belongs to it. A site that is dead looks as one that is well. Pure.
import type { Site } from './site.ts';

export function siteResource(site: Site): Record<string, unknown> {
  const host = site.hosted.url.replace('http://', '');
  return {
    id: site.id,
    name: site.name,
    type: site.name.includes('/') ? 'Microsoft.Web/sites/slots' : 'Microsoft.Web/sites',
    kind: site.kind,
    location: site.location,
    tags: site.tags,
    ...(site.identity === undefined ? {} : { identity: site.identity }),
    properties: {
      ...site.properties,
      state: site.state,
      // Also while the container is dead: https://github.com/Azure/azure-cli/issues/3606
      availabilityState: 'Normal',
      usageState: 'Normal',
      enabled: true,
      hostNames: [host],
      enabledHostNames: [host],
      defaultHostName: host,
      resourceGroup: site.id.split('/')[4],
      siteConfig: null,
    },
  };
}

export function webConfig(site: Site): Record<string, unknown> {
  return {
    id: `${site.id}/config/web`,
    name: site.name,
    type: 'Microsoft.Web/sites/config',
    properties: {
      ...site.siteConfig,
      experiments: site.experiments ?? { rampUpRules: [] },
      linuxFxVersion: site.settings.linuxFxVersion,
      numberOfWorkers: site.settings.numberOfWorkers,
      // Their values are secrets to this operation.
      appSettings: null,
    },
  };
}

export function appSettings(site: Site): Record<string, unknown> {
  return {
    id: `${site.id}/config/appsettings`,
    name: 'appsettings',
    type: 'Microsoft.Web/sites/config',
    properties: site.settings.appSettings,
  };
}

export function instanceOf(site: Site): Record<string, unknown> {
  return {
    id: `${site.id}/instances/${site.instanceId}`,
    name: site.instanceId,
    type: 'Microsoft.Web/sites/instances',
    properties: { state: site.instanceState },
  };
}
