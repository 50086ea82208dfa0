// The way to a private site: an endpoint in a network that is there already, for the site and for its slot.
import { PrivateDnsZoneGroup } from '@pulumi/azure-native/network/privateDnsZoneGroup.js';
import { PrivateEndpoint } from '@pulumi/azure-native/network/privateEndpoint.js';
import type { Output } from '@pulumi/pulumi';
import { serviceName } from '../names.ts';
import type { NetworkNames } from './network.ts';
import type { Place } from './place.ts';

/** The part of an App Service a private endpoint leads to: https://learn.microsoft.com/azure/app-service/overview-private-endpoint */
export function linkedPart(slot: string | undefined): string {
  return slot === undefined ? 'sites' : `sites-${slot}`;
}

export interface PrivateAccess {
  readonly endpoint: PrivateEndpoint;
  readonly names: PrivateDnsZoneGroup | undefined;
}

/** @param target the site whose endpoint it is, and its slot's name for a slot's. */
export function createPrivateAccess(
  { parent, group, regional, tags, stack, config }: Place,
  network: NetworkNames,
  target: { readonly siteId: Output<string>; readonly slot?: string },
): PrivateAccess | undefined {
  const { privateEndpointSubnet: subnet, privateDnsZone: zone } = network;
  if (config.exposure === 'public' || subnet === undefined) return undefined;
  const part = linkedPart(target.slot);
  const name = `${serviceName(stack)}-${part}`;
  const endpoint = new PrivateEndpoint(
    `private-${part}`,
    {
      ...regional,
      privateEndpointName: name,
      subnet: { id: subnet },
      privateLinkServiceConnections: [{ name, privateLinkServiceId: target.siteId, groupIds: [part] }],
      tags,
    },
    { parent },
  );
  if (zone === undefined) return { endpoint, names: undefined };
  const names = new PrivateDnsZoneGroup(
    `private-${part}-names`,
    {
      resourceGroupName: group.name,
      privateEndpointName: endpoint.name,
      privateDnsZoneGroupName: 'default',
      privateDnsZoneConfigs: [{ name: 'sites', privateDnsZoneId: zone }],
    },
    { parent },
  );
  return { endpoint, names };
}
