// The networks a stack on Azure may name, by what each is for; they are there already.
import type { ServiceConfig } from '../../contract/service.ts';

const resourceId = (type: string) =>
  new RegExp(`^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Network/${type}$`, 'i');
const subnet = { form: resourceId('virtualNetworks/[^/]+/subnets/[^/]+'), words: 'the resource id of a subnet' };
const zone = { form: resourceId('privateDnsZones/[^/]+'), words: 'the resource id of a private DNS zone' };

/** https://learn.microsoft.com/azure/app-service/overview-vnet-integration, https://learn.microsoft.com/azure/mysql/flexible-server/concepts-networking-vnet */
const known = {
  /** Where private requests come in. */
  privateEndpointSubnet: subnet,
  /** `privatelink.azurewebsites.net` */
  privateDnsZone: zone,
  /** What the site's own requests leave by; delegated to `Microsoft.Web/serverFarms`. */
  outboundSubnet: subnet,
  /** Where the database lives; delegated to its servers. */
  databaseSubnet: subnet,
  /** Ends in `.private.mysql.database.azure.com` or `.private.postgres.database.azure.com`. */
  databaseDnsZone: zone,
} as const;
export type NetworkNames = { readonly [K in keyof typeof known]?: string };

/** Of a configuration without faults. */
export function networkOf({ network }: Pick<ServiceConfig, 'network'>): NetworkNames {
  return Object.fromEntries(Object.entries(network).filter(([, value]) => typeof value === 'string'));
}

export function networkFaults({ network, database }: Pick<ServiceConfig, 'network' | 'database'>): string[] {
  const faults = Object.entries(network).flatMap(([name, value]) => {
    const rule = Object.entries(known).find(([key]) => key === name)?.[1];
    if (rule === undefined) return [`network.${name}: expected one of ${Object.keys(known).join(', ')} on Azure`];
    if (typeof value === 'string' && rule.form.test(value)) return [];
    return [`network.${name}: expected ${rule.words}; found ${JSON.stringify(value)}`];
  });
  const needed = database === undefined ? [] : (['outboundSubnet', 'databaseSubnet', 'databaseDnsZone'] as const);
  return [
    ...faults,
    ...needed
      .filter((name) => !(name in network))
      .map(
        (name) => `network.${name}: expected ${known[name].words}, as a database is never on the internet; found none`,
      ),
  ];
}
