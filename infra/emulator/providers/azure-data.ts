// Azure's databases, storage accounts and key vaults as `azure-native` drives them: names that are the whole world's, and deletion that is not the end.
import { isRecord, type Properties, text } from '../engine/property.ts';
import type { InputFault, ResourceModel } from '../engine/resource-model.ts';
import { armResource, notFound, refusal } from './azure-resource.ts';
import type { AzureSubscription } from './azure-subscription.ts';
import { oneOf, pattern, range } from './input-rule.ts';

export function dataResources(subscription: AzureSubscription): Readonly<Record<string, ResourceModel>> {
  return {
    'azure-native:dbformysql:Server': databaseServer(subscription, mysql),
    'azure-native:dbformysql:Database': databaseOn(subscription, mysql),
    'azure-native:dbforpostgresql:Server': databaseServer(subscription, postgresql),
    'azure-native:dbforpostgresql:Database': databaseOn(subscription, postgresql),
    'azure-native:storage:StorageAccount': storageAccount(subscription),
    'azure-native:storage:BlobServiceProperties': blobService(subscription),
    'azure-native:storage:BlobContainer': blobContainer(subscription),
    'azure-native:keyvault:Vault': vault(subscription),
    'azure-native:keyvault:Secret': secret(subscription),
  };
}

interface Engine {
  readonly module: 'dbformysql' | 'dbforpostgresql';
  readonly type: string;
  readonly domain: string;
  storageFaults(inputs: Properties): readonly InputFault[];
}

const mysql: Engine = {
  module: 'dbformysql',
  type: 'Microsoft.DBforMySQL/flexibleServers',
  domain: 'mysql.database.azure.com',
  // https://learn.microsoft.com/azure/mysql/flexible-server/concepts-service-tiers-storage
  storageFaults: (inputs) => [
    ...range(inputs, 'storage.storageSizeGB', 20, 16_384),
    ...range(inputs, 'backup.backupRetentionDays', 1, 35),
  ],
};

const postgresql: Engine = {
  module: 'dbforpostgresql',
  type: 'Microsoft.DBforPostgreSQL/flexibleServers',
  domain: 'postgres.database.azure.com',
  // https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-storage
  storageFaults(inputs) {
    const size = isRecord(inputs.storage) ? inputs.storage.storageSizeGB : undefined;
    const sizes = [32, 64, 128, 256, 512, 1024, 2048, 4095, 4096, 8192, 16_384, 32_767];
    return [
      ...range(inputs, 'backup.backupRetentionDays', 7, 35),
      ...(typeof size === 'number' && !sizes.includes(size)
        ? [{ property: 'storage.storageSizeGB', reason: `expected one of ${sizes.join(', ')}, found ${size}` }]
        : []),
    ];
  },
};

/** https://learn.microsoft.com/azure/mysql/flexible-server/quickstart-create-portal, the same for PostgreSQL */
const reservedLogins = /^(azure_superuser|azure_pg_admin|admin|administrator|root|guest|public|sa)$/;

function databaseServer(subscription: AzureSubscription, engine: Engine): ResourceModel {
  return armResource(subscription, {
    module: `${engine.module}/server`,
    type: engine.type,
    named: 'serverName',
    replaceOnChanges: ['administratorLogin', 'availabilityZone', 'createMode', 'network'],
    validate: (inputs) => [
      ...pattern(inputs, 'serverName', /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/),
      ...pattern(inputs, 'sku.name', /^Standard_[BDE]\d/),
      ...pattern(inputs, 'administratorLoginPassword', /^(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]).{8,128}$/),
      ...(reservedLogins.test(text(inputs, 'administratorLogin') ?? '')
        ? [{ property: 'administratorLogin', reason: 'this name is reserved' }]
        : []),
      ...engine.storageFaults(inputs),
    ],
    refuse(inputs, id) {
      const name = text(inputs, 'serverName') ?? '';
      if (subscription.claim(engine.domain, name, id)) return;
      throw refusal(409, 'ServerNameAlreadyExists', `Specified server name is already used: '${name}'.`);
    },
    refuseUpdate: refuseSmaller,
    outputs: (inputs) => ({
      fullyQualifiedDomainName: `${text(inputs, 'serverName')}.${engine.domain}`,
      state: 'Ready',
    }),
    release: (inputs) => subscription.free(engine.domain, text(inputs, 'serverName') ?? ''),
  });
}

/** https://learn.microsoft.com/azure/postgresql/scale/how-to-scale-storage-size, the same for MySQL */
function refuseSmaller(inputs: Properties, before: Properties): void {
  const [size, was] = [inputs, before].map(({ storage }) => (isRecord(storage) ? storage.storageSizeGB : undefined));
  if (typeof size !== 'number' || typeof was !== 'number' || size >= was) return;
  throw refusal(
    400,
    'InvalidParameterValue',
    `Updating storage cannot be smaller than the original storage size ${was} GiB.`,
  );
}

function databaseOn(subscription: AzureSubscription, engine: Engine): ResourceModel {
  const serverOf = (inputs: Properties) =>
    subscription.resourceId(inputs, engine.type, text(inputs, 'serverName') ?? '');
  return armResource(subscription, {
    module: `${engine.module}/database`,
    type: `${engine.type}/databases`,
    named: 'databaseName',
    located: false,
    replaceOnChanges: ['serverName', 'charset', 'collation'],
    idOf: (inputs) => `${serverOf(inputs)}/databases/${text(inputs, 'databaseName')}`,
    validate: (inputs) => pattern(inputs, 'databaseName', /^[A-Za-z0-9_-]{1,63}$/),
    refuse(inputs) {
      if (!subscription.has(engine.type, serverOf(inputs))) throw notFound(serverOf(inputs));
    },
  });
}

const accounts = 'Microsoft.Storage/storageAccounts';

function storageAccount(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'storage/storageAccount',
    type: accounts,
    named: 'accountName',
    style: 'plain',
    replaceOnChanges: ['isHnsEnabled', 'isNfsV3Enabled', 'extendedLocation'],
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/storagerp/storage-accounts/create
      ...pattern(inputs, 'accountName', /^[a-z0-9]{3,24}$/),
      ...oneOf(inputs, 'sku.name', [
        'Standard_LRS',
        'Standard_GRS',
        'Standard_RAGRS',
        'Standard_ZRS',
        'Standard_GZRS',
        'Standard_RAGZRS',
        'Premium_LRS',
        'Premium_ZRS',
      ]),
    ],
    refuse(inputs, id) {
      const name = text(inputs, 'accountName') ?? '';
      if (subscription.claim(accounts, name, id)) return;
      throw refusal(409, 'StorageAccountAlreadyTaken', `The storage account named ${name} is already taken.`);
    },
    outputs(inputs) {
      const name = text(inputs, 'accountName');
      return {
        creationTime: new Date().toISOString(),
        primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
        statusOfPrimary: 'available',
      };
    },
    release: (inputs) => subscription.free(accounts, text(inputs, 'accountName') ?? ''),
  });
}

const accountOf = (subscription: AzureSubscription, inputs: Properties) =>
  subscription.resourceId(inputs, accounts, text(inputs, 'accountName') ?? '');

function inAccount(subscription: AzureSubscription, inputs: Properties): void {
  const id = accountOf(subscription, inputs);
  if (!subscription.has(accounts, id)) throw notFound(id);
}

function blobService(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'storage/blobServiceProperties',
    type: `${accounts}/blobServices`,
    named: 'blobServicesName',
    located: false,
    replaceOnChanges: ['accountName'],
    idOf: (inputs) => `${accountOf(subscription, inputs)}/blobServices/default`,
    // https://learn.microsoft.com/rest/api/storagerp/blob-services/set-service-properties
    validate: (inputs) => [
      ...pattern(inputs, 'blobServicesName', /^default$/),
      ...range(inputs, 'deleteRetentionPolicy.days', 1, 365),
      ...range(inputs, 'containerDeleteRetentionPolicy.days', 1, 365),
    ],
    refuse: (inputs) => inAccount(subscription, inputs),
  });
}

function blobContainer(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'storage/blobContainer',
    type: `${accounts}/blobServices/containers`,
    named: 'containerName',
    located: false,
    replaceOnChanges: ['accountName'],
    idOf: (inputs) =>
      `${accountOf(subscription, inputs)}/blobServices/default/containers/${text(inputs, 'containerName')}`,
    // https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
    validate: (inputs) => pattern(inputs, 'containerName', /^(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/),
    refuse: (inputs) => inAccount(subscription, inputs),
  });
}

const vaults = 'Microsoft.KeyVault/vaults';

function vault(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'keyvault/vault',
    type: vaults,
    named: 'vaultName',
    style: 'plain',
    replaceOnChanges: ['properties.tenantId', 'properties.createMode'],
    validate: (inputs) => [
      // https://learn.microsoft.com/rest/api/keyvault/keyvault/vaults/create-or-update
      ...pattern(inputs, 'vaultName', /^(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]$/),
      ...range(inputs, 'properties.softDeleteRetentionInDays', 7, 90),
    ],
    refuse(inputs, id) {
      const name = text(inputs, 'vaultName') ?? '';
      if (subscription.deletedVaults.has(name.toLowerCase())) {
        throw refusal(
          409,
          'ConflictError',
          'A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete.',
        );
      }
      if (subscription.claim(vaults, name, id)) return;
      throw refusal(
        409,
        'VaultAlreadyExists',
        `The vault name '${name}' is already in use. Vault names are globally unique so it is possible that the name is already taken. If you are sure that the vault name was not taken then it is possible that a vault with the same name was recently deleted but not purged after being placed in a recoverable state.`,
      );
    },
    release(inputs) {
      const name = text(inputs, 'vaultName') ?? '';
      subscription.free(vaults, name);
      subscription.deletedVaults.add(name.toLowerCase());
    },
  });
}

function secret(subscription: AzureSubscription): ResourceModel {
  const vaultOf = (inputs: Properties) => subscription.resourceId(inputs, vaults, text(inputs, 'vaultName') ?? '');
  return armResource(subscription, {
    module: 'keyvault/secret',
    type: `${vaults}/secrets`,
    named: 'secretName',
    located: false,
    replaceOnChanges: ['vaultName'],
    idOf: (inputs) => `${vaultOf(inputs)}/secrets/${text(inputs, 'secretName')}`,
    // https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers
    validate: (inputs) => pattern(inputs, 'secretName', /^[0-9A-Za-z-]{1,127}$/),
    refuse(inputs) {
      if (!subscription.has(vaults, vaultOf(inputs))) throw notFound(vaultOf(inputs));
    },
  });
}
