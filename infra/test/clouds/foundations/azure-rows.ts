// What each identity on Azure shall be able to do to another environment, to itself and to what all share.
import { suffixFor } from '../../../clouds/azure/foundation.ts';
import { assignableRoles } from '../../../clouds/azure/grants.ts';
import { accounts } from '../../../emulator/world.ts';
import type { AzureAsk } from './azure-judge.ts';
import { always, never, type Row } from './row.ts';

const home = accounts.azure.subscriptionId;
const suffix = suffixFor(home);
const group = (subscription: string, name: string) => `/subscriptions/${subscription}/resourceGroups/${name}`;
const foundation = group(home, 'trireme-foundation');
const identityOf = (at: string, name: string) =>
  `${at}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`;
const deployProd = (prod: string) => identityOf(group(prod, 'trireme-foundation'), 'trireme-deploy-prod');
const site = (subscription: string, environment: string) =>
  `${group(subscription, `trireme-${environment}`)}/providers/Microsoft.Web/sites/trireme-${environment}-${suffix}`;
const vault = (subscription: string, environment: string) =>
  `${group(subscription, `trireme-${environment}`)}/providers/Microsoft.KeyVault/vaults/secrets`;
const registry = `${foundation}/providers/Microsoft.ContainerRegistry/registries/trireme${suffix}`;
const stateAccount = `${foundation}/providers/Microsoft.Storage/storageAccounts/triremestate${suffix}`;
const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const stateContainer = `${stateAccount}/blobServices/default/containers/state`;
const state = (verb: 'read' | 'write' | 'delete', name: string): AzureAsk => ({
  action: `${blobs}/${verb}`,
  on: stateContainer,
  isData: true,
  with: { [`Resource[${blobs}:path]`]: `.pulumi/${name}` },
});
const assignments = 'Microsoft.Authorization/roleAssignments';
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
const gives = (on: string, role: string, to = 'ServicePrincipal'): AzureAsk => ({
  action: `${assignments}/write`,
  on,
  with: { [`Request[${assignments}:RoleDefinitionId]`]: role, [`Request[${assignments}:PrincipalType]`]: to },
});
const { keyVaultSecretsUser, storageBlobDataContributor } = assignableRoles;
const managed = 'Microsoft.ManagedIdentity/userAssignedIdentities';

/** Becoming another. */
const identities: readonly Row<AzureAsk>[] = [
  never('deploy-dev', 'run a site as deploy-prod', (prod) => ({
    action: `${managed}/assign/action`,
    on: deployProd(prod),
  })),
  never('deploy-dev', 'let another repository become deploy-prod', (prod) => ({
    action: `${managed}/federatedIdentityCredentials/write`,
    on: deployProd(prod),
  })),
  never('deploy-dev', 'change deploy-prod', (prod) => ({ action: `${managed}/write`, on: deployProd(prod) })),
  never('deploy-dev', 'delete deploy-prod', (prod) => ({ action: `${managed}/delete`, on: deployProd(prod) })),
  never('deploy-dev', 'run a site as itself', () => ({
    action: `${managed}/assign/action`,
    on: identityOf(foundation, 'trireme-deploy-dev'),
  })),
  never('deploy-dev', 'let another repository become deploy-dev', () => ({
    action: `${managed}/federatedIdentityCredentials/write`,
    on: identityOf(foundation, 'trireme-deploy-dev'),
  })),
  never('deploy-dev', 'run a site as prod’s own identity', (prod) => ({
    action: `${managed}/assign/action`,
    on: identityOf(group(prod, 'trireme-prod'), 'trireme-prod-secrets'),
  })),
  always('deploy-dev', 'run a site as dev’s own identity', () => ({
    action: `${managed}/assign/action`,
    on: identityOf(group(home, 'trireme-dev'), 'trireme-dev-secrets'),
  })),
  always('deploy-prod', 'run a site as the identity that pulls', () => ({
    action: `${managed}/assign/action`,
    on: identityOf(foundation, 'trireme-pull'),
  })),
  never('deploy-dev', 'let another repository pull', () => ({
    action: `${managed}/federatedIdentityCredentials/write`,
    on: identityOf(foundation, 'trireme-pull'),
  })),
  never('plan', 'run a site as deploy-prod', (prod) => ({ action: `${managed}/assign/action`, on: deployProd(prod) })),
];

/** Giving rights. */
const rights: readonly Row<AzureAsk>[] = [
  always('deploy-dev', 'let its site read its vault', () => gives(vault(home, 'dev'), keyVaultSecretsUser)),
  never('deploy-dev', 'let itself read the vault of prod', (prod) => gives(vault(prod, 'prod'), keyVaultSecretsUser)),
  never('deploy-dev', 'let itself into the state', () => gives(stateContainer, storageBlobDataContributor)),
  never('deploy-dev', 'give itself everything in its group', () => gives(group(home, 'trireme-dev'), owner)),
  never('deploy-dev', 'give itself everything in the subscription', () => gives(`/subscriptions/${home}`, owner)),
  never('deploy-dev', 'let a person read its vault', () => gives(vault(home, 'dev'), keyVaultSecretsUser, 'User')),
  never('deploy-dev', 'widen its own role', () => ({
    action: 'Microsoft.Authorization/roleDefinitions/write',
    on: group(home, 'trireme-dev'),
  })),
  never('deploy-dev', 'take a right of prod away', (prod) => ({
    ...{ action: `${assignments}/delete`, on: group(prod, 'trireme-prod') },
    with: {
      [`Resource[${assignments}:RoleDefinitionId]`]: keyVaultSecretsUser,
      [`Resource[${assignments}:PrincipalType]`]: 'ServicePrincipal',
    },
  })),
];

const states: readonly Row<AzureAsk>[] = [
  always('deploy-dev', 'write its own state', () => state('write', 'stacks/trireme/azure-dev.json')),
  always('deploy-prod', 'write its own state', () => state('write', 'stacks/trireme/azure-prod.json')),
  always('deploy-dev', 'unlock its own stack', () => state('delete', 'locks/organization/trireme/gcp-dev/1.json')),
  always('deploy-dev', 'read what the foundation gives', () => state('read', 'stacks/trireme/azure-foundation.json')),
  always('deploy-dev', 'see the names of what there is', () => ({
    action: `${blobs}/read`,
    on: stateContainer,
    isData: true,
    suboperation: 'Blob.List',
  })),
  always('plan', 'read the state of prod', () => state('read', 'stacks/trireme/azure-prod.json')),
  never('deploy-dev', 'write the state of prod', () => state('write', 'stacks/trireme/azure-prod.json')),
  never('deploy-dev', 'read the state of prod', () => state('read', 'stacks/trireme/azure-prod.json')),
  never('deploy-dev', 'lock a stack of prod', () => state('write', 'locks/organization/trireme/azure-prod/1.json')),
  never('deploy-dev', 'take a lock of prod away', () =>
    state('delete', 'locks/organization/trireme/azure-prod/1.json'),
  ),
  never('deploy-dev', 'lock a stack of prod by a name within', () =>
    state('write', 'locks/organization/trireme/azure-prod/.pulumi/locks/organization/trireme/azure-dev/1.json'),
  ),
  never('deploy-dev', 'write what the foundation gives', () => state('write', 'stacks/trireme/azure-foundation.json')),
  never('plan', 'write the state of prod', () => state('write', 'stacks/trireme/azure-prod.json')),
  never('deploy-dev', 'take the keys of the account', () => ({
    action: 'Microsoft.Storage/storageAccounts/listKeys/action',
    on: stateAccount,
  })),
  never('deploy-dev', 'switch the keys of the account on', () => ({
    action: 'Microsoft.Storage/storageAccounts/write',
    on: stateAccount,
  })),
  never('deploy-dev', 'delete the account', () => ({
    action: 'Microsoft.Storage/storageAccounts/delete',
    on: stateAccount,
  })),
];

const shared: readonly Row<AzureAsk>[] = [
  always('deploy-dev', 'push an image', () => ({
    action: 'Microsoft.ContainerRegistry/registries/push/write',
    on: registry,
  })),
  never('deploy-prod', 'push an image', () => ({
    action: 'Microsoft.ContainerRegistry/registries/push/write',
    on: registry,
  })),
  never('deploy-dev', 'delete an image', () => ({
    action: 'Microsoft.ContainerRegistry/registries/artifacts/delete',
    on: registry,
  })),
  never('deploy-dev', 'change the registry', () => ({
    action: 'Microsoft.ContainerRegistry/registries/write',
    on: registry,
  })),
  never('deploy-dev', 'take the registry’s password', () => ({
    action: 'Microsoft.ContainerRegistry/registries/listCredentials/action',
    on: registry,
  })),
  always('deploy-dev', 'change its site', () => ({ action: 'Microsoft.Web/sites/write', on: site(home, 'dev') })),
  never('deploy-dev', 'change the site of prod', (prod) => ({
    action: 'Microsoft.Web/sites/write',
    on: site(prod, 'prod'),
  })),
  never('deploy-dev', 'change the settings of prod’s site', (prod) => ({
    action: 'Microsoft.Web/sites/config/write',
    on: site(prod, 'prod'),
  })),
  never('deploy-dev', 'deploy a template into prod', (prod) => ({
    action: 'Microsoft.Resources/deployments/write',
    on: group(prod, 'trireme-prod'),
  })),
  never('deploy-dev', 'delete the group of prod', (prod) => ({
    action: 'Microsoft.Resources/subscriptions/resourceGroups/delete',
    on: group(prod, 'trireme-prod'),
  })),
  never('deploy-dev', 'change the vault of prod', (prod) => ({
    action: 'Microsoft.KeyVault/vaults/write',
    on: vault(prod, 'prod'),
  })),
  always('deploy-dev', 'join a network of the subscription', () => ({
    action: 'Microsoft.Network/virtualNetworks/subnets/join/action',
    on: `${group(home, 'hub')}/providers/Microsoft.Network/virtualNetworks/hub/subnets/outbound`,
  })),
];

export const azureRows = [...identities, ...rights, ...states, ...shared];
