// A container of blobs on Azure that keeps what was overwritten, opens to logins only, and never to the public.
import { BlobContainer } from '@pulumi/azure-native/storage/blobContainer.js';
import { BlobServiceProperties } from '@pulumi/azure-native/storage/blobServiceProperties.js';
import { StorageAccount } from '@pulumi/azure-native/storage/storageAccount.js';
import type { ComponentResource, Input, Output } from '@pulumi/pulumi';
import type { Place } from './place.ts';

export interface BlobStore {
  readonly account: StorageAccount;
  readonly service: BlobServiceProperties;
  readonly container: BlobContainer;
}

/** Days in which what was deleted can be had back. */
const deletedFor = { enabled: true, days: 30 };

/**
 * @param store.accountName global; 3 to 24 small letters and digits
 * @param store.copies `Standard_LRS`: in one data centre; `Standard_GRS`: in a second region too
 */
export function createBlobStore(
  name: string,
  store: {
    readonly regional: Place['regional'];
    readonly accountName: Input<string>;
    readonly containerName: string;
    readonly copies: 'Standard_LRS' | 'Standard_GRS';
    readonly tags: Readonly<Record<string, string>>;
  },
  options: { readonly parent: ComponentResource; readonly protect: boolean },
): BlobStore {
  const inGroup = { resourceGroupName: store.regional.resourceGroupName };
  const account = new StorageAccount(
    name,
    {
      ...store.regional,
      accountName: store.accountName,
      kind: 'StorageV2',
      sku: { name: store.copies },
      allowBlobPublicAccess: false,
      allowCrossTenantReplication: false,
      // A key is a password for everything in the account: people and machines log in as themselves.
      allowSharedKeyAccess: false,
      defaultToOAuthAuthentication: true,
      enableHttpsTrafficOnly: true,
      minimumTlsVersion: 'TLS1_2',
      tags: store.tags,
    },
    options,
  );
  const inAccount = { ...inGroup, accountName: account.name };
  const service = new BlobServiceProperties(
    `${name}-versions`,
    {
      ...inAccount,
      blobServicesName: 'default',
      isVersioningEnabled: true,
      deleteRetentionPolicy: deletedFor,
      containerDeleteRetentionPolicy: deletedFor,
    },
    options,
  );
  const container = new BlobContainer(
    `${name}-container`,
    { ...inAccount, containerName: store.containerName, publicAccess: 'None' },
    // Nothing is written before versions are kept.
    { ...options, dependsOn: [service] },
  );
  return { account, service, container };
}

/** `https://<account>.blob.core.windows.net/<container>` */
export function urlOf({ account, container }: BlobStore): Output<string> {
  return account.primaryEndpoints.apply((endpoints) => container.name.apply((name) => `${endpoints.blob}${name}`));
}
