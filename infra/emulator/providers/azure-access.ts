// Who may do what on the emulated Azure: identities, who on GitHub may become them, roles and their assignments.
import { randomUUID } from 'node:crypto';
import { isList, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import { armResource, notFound, refusal } from './azure-resource.ts';
import { type AzureSubscription, accountOf } from './azure-subscription.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function accessResources(subscription: AzureSubscription): Readonly<Record<string, ResourceModel>> {
  return {
    'azure-native:managedidentity:UserAssignedIdentity': userAssignedIdentity(subscription),
    'azure-native:managedidentity:FederatedIdentityCredential': federatedIdentityCredential(subscription),
    'azure-native:authorization:RoleDefinition': roleDefinition(subscription),
    'azure-native:authorization:RoleAssignment': roleAssignment(subscription),
  };
}

const identities = 'Microsoft.ManagedIdentity/userAssignedIdentities';

function userAssignedIdentity(subscription: AzureSubscription): ResourceModel {
  return armResource(subscription, {
    module: 'managedidentity/userAssignedIdentity',
    type: identities,
    named: 'resourceName',
    // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftmanagedidentity
    validate: (inputs) => pattern(inputs, 'resourceName', /^[A-Za-z0-9][\w-]{2,127}$/),
    outputs: () => ({ clientId: randomUUID(), principalId: randomUUID(), tenantId: subscription.tenantId }),
  });
}

/** Milliseconds in which a second write to the same identity is refused: writes take time, here as there. */
const writeMs = 20;

function federatedIdentityCredential(subscription: AzureSubscription): ResourceModel {
  const type = `${identities}/federatedIdentityCredentials`;
  const identityOf = (inputs: Properties) =>
    subscription.resourceId(inputs, identities, text(inputs, 'resourceName') ?? '');
  const written = new Set<string>();
  const ofIdentity = (id: string) =>
    subscription.shelf(type).list((one) => (text(one, 'id') ?? '').startsWith(`${id}/`));
  return armResource(subscription, {
    module: 'managedidentity/federatedIdentityCredential',
    type,
    named: 'federatedIdentityCredentialResourceName',
    located: false,
    replaceOnChanges: ['resourceName'],
    idOf: (inputs) =>
      `${identityOf(inputs)}/federatedIdentityCredentials/${text(inputs, 'federatedIdentityCredentialResourceName')}`,
    validate: (inputs) => [
      // https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
      ...pattern(inputs, 'federatedIdentityCredentialResourceName', /^[A-Za-z0-9][\w-]{2,119}$/),
      ...pattern(inputs, 'issuer', /^https:\/\/.{1,592}$/),
      ...pattern(inputs, 'subject', /^[^*]{1,600}$/),
      ...(isList(inputs.audiences) && inputs.audiences.length !== 1
        ? [{ property: 'audiences', reason: `expected one audience, found ${inputs.audiences.length}` }]
        : []),
    ],
    async refuse(inputs) {
      const identity = identityOf(inputs);
      if (!subscription.has(identities, identity)) throw notFound(identity);
      if (written.has(identity)) {
        throw refusal(
          409,
          'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
          `Too many Federated Identity Credentials are written concurrently for the managed identity '${identity}'. Concurrent Federated Identity Credentials writes under the same managed identity are not supported.`,
        );
      }
      const others = ofIdentity(identity);
      if (others.some((one) => one.issuer === inputs.issuer && one.subject === inputs.subject)) {
        throw refusal(409, 'Conflict', 'Issuer and subject combination already exists for this Managed Identity.');
      }
      if (others.length >= 20) {
        throw refusal(400, 'BadRequest', 'Too many Federated Identity Credentials: at most 20 per managed identity.');
      }
      written.add(identity);
      await new Promise((resolve) => setTimeout(resolve, writeMs));
      written.delete(identity);
    },
  });
}

function roleDefinition(subscription: AzureSubscription): ResourceModel {
  const { roleDefinitions: shelf } = subscription;
  return storedResource({
    module: 'authorization/roleDefinition',
    shelf,
    naming: { property: 'roleDefinitionId', style: 'guid' },
    replaceOnChanges: ['roleDefinitionId', 'scope'],
    validate: (inputs) => [
      ...pattern(inputs, 'roleDefinitionId', guid),
      ...pattern(inputs, 'roleName', /^.{1,128}$/),
      ...pattern(inputs, 'scope', /^\/?(subscriptions|providers)\//),
    ],
    idOf: (inputs) =>
      `${text(inputs, 'scope')}/providers/Microsoft.Authorization/roleDefinitions/${text(inputs, 'roleDefinitionId')}`,
    alreadyExists: (id) => `cannot create already existing resource '${id}'`,
    create(inputs, _context, id) {
      if (shelf.find((one) => one.roleName === inputs.roleName) !== undefined) {
        throw refusal(
          409,
          'RoleDefinitionWithSameNameExists',
          `A custom role with the same name already exists in this directory. Use a different name.`,
        );
      }
      const now = new Date().toISOString();
      const by = accountOf(subscription);
      return {
        ...subscription.common('Microsoft.Authorization/roleDefinitions', text(inputs, 'roleDefinitionId') ?? ''),
        ...{ id, createdOn: now, updatedOn: now, createdBy: by, updatedBy: by },
      };
    },
    release(_inputs, id) {
      const held = subscription.roleAssignments.find((one) => one.roleDefinitionId === id);
      if (held === undefined) return;
      throw refusal(
        400,
        'RoleDefinitionHasAssignments',
        'There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)',
      );
    },
  });
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function roleAssignment(subscription: AzureSubscription): ResourceModel {
  const same = (a: Properties, b: Properties) =>
    ['principalId', 'roleDefinitionId', 'scope'].every((key) => a[key] === b[key]);
  return storedResource({
    module: 'authorization/roleAssignment',
    shelf: subscription.roleAssignments,
    naming: { property: 'roleAssignmentName', style: 'guid' },
    // A role assignment can't be changed: https://learn.microsoft.com/rest/api/authorization/role-assignments/create
    replaceOnChanges: ['roleAssignmentName', 'principalId', 'principalType', 'roleDefinitionId', 'scope', 'condition'],
    validate: (inputs) => [
      ...pattern(inputs, 'roleAssignmentName', guid),
      ...oneOf(inputs, 'principalType', ['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device']),
      ...pattern(inputs, 'roleDefinitionId', /\/providers\/Microsoft\.Authorization\/roleDefinitions\/[0-9a-f-]{36}$/i),
      ...pattern(inputs, 'scope', /^\/?(subscriptions|providers)\//),
    ],
    idOf: (inputs) =>
      `${text(inputs, 'scope')}/providers/Microsoft.Authorization/roleAssignments/${text(inputs, 'roleAssignmentName')}`,
    alreadyExists: (id) => `cannot create already existing resource '${id}'`,
    create(inputs, _context, id) {
      const principalId = text(inputs, 'principalId') ?? '';
      if (subscription.identities.find((one) => one.principalId === principalId) === undefined) {
        throw refusal(
          400,
          'PrincipalNotFound',
          `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${subscription.tenantId}.`,
        );
      }
      if (subscription.roleAssignments.find((one) => same(one, inputs)) !== undefined) {
        throw new CloudRefusal('Status=409 Code="RoleAssignmentExists" Message="The role assignment already exists."');
      }
      const now = new Date().toISOString();
      const by = accountOf(subscription);
      return {
        ...subscription.common('Microsoft.Authorization/roleAssignments', text(inputs, 'roleAssignmentName') ?? ''),
        ...{ id, createdOn: now, updatedOn: now, createdBy: by, updatedBy: by },
      };
    },
  });
}
