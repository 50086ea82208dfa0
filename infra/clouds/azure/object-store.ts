// The object store of a service on Azure: models and the prediction log, open to the service's own identity.
import type { RoleAssignment } from '@pulumi/azure-native/authorization/roleAssignment.js';
import type { UserAssignedIdentity } from '@pulumi/azure-native/managedidentity/userAssignedIdentity.js';
import { interpolate, type Output, output } from '@pulumi/pulumi';
import { project } from '../names.ts';
import { type BlobStore, createBlobStore, urlOf } from './blob-store.ts';
import type { Place } from './place.ts';
import { allow } from './role.ts';

export interface ObjectStore extends BlobStore {
  readonly right: RoleAssignment;
  /** Known once the service may use it. */
  readonly url: Output<string>;
}

export function createObjectStore(place: Place, identity: UserAssignedIdentity | undefined): ObjectStore | undefined {
  const { parent, regional, tags, stack, config, nameSuffix } = place;
  if (!config.objectStore || identity === undefined) return undefined;
  const store = createBlobStore(
    'store',
    {
      regional,
      accountName: interpolate`${project}${stack.environment}${nameSuffix}`,
      containerName: project,
      copies: 'Standard_LRS',
      tags,
    },
    { parent, protect: config.protect },
  );
  const grant = { identity, role: 'storageBlobDataContributor', scope: store.container.id } as const;
  const right = allow('store-writer', grant, { parent });
  return { ...store, right, url: output([urlOf(store), right.id] as const).apply(([url]) => url) };
}
