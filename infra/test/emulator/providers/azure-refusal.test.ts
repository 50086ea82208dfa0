import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Properties } from '../../../emulator/engine/property.ts';
import { accounts } from '../../../emulator/world.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';

let clouds: AttachedClouds;
beforeEach(async () => {
  clouds = await attachedClouds();
  for (const resourceGroupName of ['rg', 'other']) {
    await clouds.create('azure-native:resources:ResourceGroup', { resourceGroupName, location: 'westeurope' });
  }
});
afterEach(() => clouds.stop());

const inGroup = { resourceGroupName: 'rg' };
const standard = { kind: 'StorageV2', sku: { name: 'Standard_LRS' } };
const vault = { properties: { tenantId: accounts.azure.tenantId, sku: { family: 'A', name: 'standard' } } };
const login = { administratorLogin: 'trireme', administratorLoginPassword: 'aA1aA1aA1' };
const machine = { sku: { name: 'Standard_B1ms', tier: 'Burstable' }, storage: { storageSizeGB: 32 } };
const type = {
  registry: 'azure-native:containerregistry:Registry',
  storage: 'azure-native:storage:StorageAccount',
  container: 'azure-native:storage:BlobContainer',
  vault: 'azure-native:keyvault:Vault',
  mysql: 'azure-native:dbformysql:Server',
  postgresql: 'azure-native:dbforpostgresql:Server',
  identity: 'azure-native:managedidentity:UserAssignedIdentity',
  credential: 'azure-native:managedidentity:FederatedIdentityCredential',
  role: 'azure-native:authorization:RoleDefinition',
  assignment: 'azure-native:authorization:RoleAssignment',
  plan: 'azure-native:web:AppServicePlan',
  site: 'azure-native:web:WebApp',
  binding: 'azure-native:web:WebAppHostNameBinding',
  certificate: 'azure-native:web:Certificate',
  deployment: 'azure-native:resources:Deployment',
  autoscale: 'azure-native:monitor:AutoscaleSetting',
  alert: 'azure-native:monitor:MetricAlert',
  workspace: 'azure-native:operationalinsights:Workspace',
  webTest: 'azure-native:applicationinsights:WebTest',
  diagnostics: 'azure-native:monitor:DiagnosticSetting',
} as const;

describe('names that are the whole world’s', () => {
  const cases: readonly [string, string, Properties, RegExp][] = [
    [
      type.registry,
      'registryName',
      { registryName: 'trireme1', sku: { name: 'Basic' } },
      /trireme1\.azurecr\.io is already in use/,
    ],
    [type.storage, 'accountName', { accountName: 'trireme1', ...standard }, /account named trireme1 is already taken/],
    [type.vault, 'vaultName', { vaultName: 'trireme1', ...vault }, /VaultAlreadyExists.*'trireme1' is already in use/],
    [type.mysql, 'serverName', { serverName: 'trireme1', ...login, ...machine }, /ServerNameAlreadyExists/],
    [type.postgresql, 'serverName', { serverName: 'trireme1', ...login, ...machine }, /ServerNameAlreadyExists/],
  ];
  it.each(cases)('are refused while somebody has them: %s', async (one, _named, inputs, words) => {
    const { id } = await clouds.create(one, { ...inputs, resourceGroupName: 'other' });
    await expect(clouds.create(one, { ...inputs, ...inGroup })).rejects.toThrow(words);
    await clouds.client(one).delete(one, id, { ...inputs, resourceGroupName: 'other' });
    if (one !== type.vault) await clouds.create(one, { ...inputs, ...inGroup });
  });

  it('a deleted key vault keeps its name', async () => {
    const inputs = { ...inGroup, vaultName: 'trireme1', ...vault };
    const { id } = await clouds.create(type.vault, inputs);
    await clouds.client(type.vault).delete(type.vault, id, inputs);
    await expect(clouds.create(type.vault, inputs)).rejects.toThrow(
      /A vault with the same name already exists in deleted state. You need to either recover or purge/,
    );
  });
});

describe('federated credentials', () => {
  const credential = (name: string, changes: Properties = {}): Properties => ({
    ...inGroup,
    resourceName: 'deploy-dev',
    federatedIdentityCredentialResourceName: name,
    issuer: 'https://token.actions.githubusercontent.com',
    subject: `repo:octo@1/app@2:environment:${name}`,
    audiences: ['api://AzureADTokenExchange'],
    ...changes,
  });
  beforeEach(() => clouds.create(type.identity, { ...inGroup, resourceName: 'deploy-dev' }));

  it('are written one at a time', async () => {
    const written = await Promise.allSettled(
      ['dev', 'prod'].map((name) => clouds.create(type.credential, credential(name))),
    );
    expect(written.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(written.map((one) => (one.status === 'rejected' ? String(one.reason) : '')).join()).toContain(
      'ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity',
    );
    await clouds.create(type.credential, credential('later'));
  });

  it('say each subject once, for one audience, of an identity that exists', async () => {
    await clouds.create(type.credential, credential('dev'));
    const again = credential('twice', { subject: 'repo:octo@1/app@2:environment:dev' });
    await expect(clouds.create(type.credential, again)).rejects.toThrow(/combination already exists/);
    await expect(clouds.create(type.credential, credential('two', { audiences: ['a', 'b'] }))).rejects.toThrow(
      /one audience/,
    );
    await expect(clouds.create(type.credential, credential('any', { subject: 'repo:octo/*' }))).rejects.toThrow(
      /subject/,
    );
    await expect(clouds.create(type.credential, credential('none', { resourceName: 'none' }))).rejects.toThrow(
      /ResourceNotFound/,
    );
  });
});

it('a role stays while somebody holds it', async () => {
  const scope = `/subscriptions/${accounts.azure.subscriptionId}`;
  const { outputs } = await clouds.create(type.identity, { ...inGroup, resourceName: 'deploy-dev' });
  const inputs = { roleName: 'deploy', scope, assignableScopes: [scope], permissions: [] };
  const role = await clouds.create(type.role, inputs);
  const again = { ...inputs, roleDefinitionId: '00000000-0000-4000-8000-000000000042' };
  await expect(clouds.create(type.role, again)).rejects.toThrow(/RoleDefinitionWithSameNameExists/);
  const holder = {
    scope,
    principalId: String(outputs.principalId),
    principalType: 'ServicePrincipal',
    roleDefinitionId: role.id,
  };
  const held = await clouds.create(type.assignment, holder);
  await expect(clouds.client(type.role).delete(type.role, role.id, inputs)).rejects.toThrow(
    /RoleDefinitionHasAssignments/,
  );
  await clouds.client(type.assignment).delete(type.assignment, held.id, holder);
  await clouds.client(type.role).delete(type.role, role.id, inputs);
});

describe('a name of one’s own', () => {
  const host = 'predict.example.org';
  const binding = { ...inGroup, name: 'site', hostName: host };
  const certificate = { ...inGroup, name: host, canonicalName: host };
  const secured = (thumbprint: unknown) => ({
    ...inGroup,
    deploymentName: 'domain',
    properties: {
      mode: 'Incremental',
      template: {
        resources: [
          {
            type: 'Microsoft.Web/sites/hostNameBindings',
            name: `site/${host}`,
            properties: { sslState: 'SniEnabled', thumbprint: String(thumbprint) },
          },
        ],
      },
    },
  });

  it('is bound, then certified, then bound with its certificate, which then can’t be deleted', async () => {
    await expect(clouds.create(type.certificate, certificate)).rejects.toThrow(
      /requires hostname predict\.example\.org/,
    );
    const bound = await clouds.create(type.binding, binding);
    await expect(clouds.create(type.deployment, secured('none'))).rejects.toThrow(/thumbprint none was not found/);
    const { id, outputs } = await clouds.create(type.certificate, certificate);
    await clouds.create(type.deployment, secured(outputs.thumbprint));
    await expect(clouds.client(type.certificate).delete(type.certificate, id, certificate)).rejects.toThrow(
      /in use by/,
    );
    await clouds.client(type.binding).delete(type.binding, bound.id, binding);
    await clouds.client(type.certificate).delete(type.certificate, id, certificate);
  });

  it('needs its records, and is nobody else’s', async () => {
    const unproven = { ...binding, hostName: 'predict.invalid' };
    await expect(clouds.create(type.binding, unproven)).rejects.toThrow(
      /A TXT record pointing from asuid\.predict\.invalid/,
    );
    await clouds.create(type.binding, binding);
    await expect(clouds.create(type.binding, { ...binding, name: 'another' })).rejects.toThrow(
      /already assigned to another/,
    );
  });
});

describe('Azure Monitor', () => {
  const rule = {
    metricTrigger: {
      metricName: 'CpuPercentage',
      metricResourceUri: '/plan',
      timeGrain: 'PT1M',
      statistic: 'Average',
      timeWindow: 'PT5M',
      timeAggregation: 'Average',
      operator: 'GreaterThan',
      threshold: 70,
    },
    scaleAction: { direction: 'Increase', type: 'ChangeCount', value: '1', cooldown: 'PT5M' },
  };
  const setting = (targetResourceUri: string, capacity: Properties): Properties => ({
    ...inGroup,
    targetResourceUri,
    enabled: true,
    profiles: [{ name: 'cpu', capacity, rules: [rule] }],
  });
  const capacity = { minimum: '1', default: '1', maximum: '3' };
  const alert: Properties = {
    ...inGroup,
    location: 'global',
    enabled: true,
    severity: 1,
    scopes: ['/site'],
    evaluationFrequency: 'PT1M',
    windowSize: 'PT5M',
    criteria: {
      odataType: 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria',
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion',
          name: 'errors',
          metricNamespace: 'Microsoft.Web/sites',
          metricName: 'Http5xx',
          operator: 'GreaterThan',
          threshold: 1,
          timeAggregation: 'Total',
        },
      ],
    },
  };

  it('scales plans that can, between bounds that are text', async () => {
    const basic = { ...inGroup, name: 'basic', sku: { name: 'B1', tier: 'Basic' } };
    const premium = { ...inGroup, name: 'premium', sku: { name: 'P0v3', tier: 'Premium0V3' } };
    const plans = [await clouds.create(type.plan, basic), await clouds.create(type.plan, premium)];
    const [no = '', yes = ''] = plans.map(({ id }) => id);
    await expect(clouds.create(type.autoscale, setting(no, capacity))).rejects.toThrow(/not supported.*'Basic'/);
    await expect(clouds.create(type.autoscale, setting('/none', capacity))).rejects.toThrow(/ResourceNotFound/);
    const numbers = { minimum: 1, default: 1, maximum: 3 };
    await expect(clouds.create(type.autoscale, setting(yes, numbers))).rejects.toThrow(/minimum: expected a string/);
    const wrong = { minimum: '3', default: '1', maximum: '3' };
    await expect(clouds.create(type.autoscale, setting(yes, wrong))).rejects.toThrow(/minimum to default to maximum/);
    await clouds.create(type.autoscale, setting(yes, capacity));
  });

  it.each<[string, Properties, RegExp]>([
    ['a window it does not know', { windowSize: 'PT10M' }, /windowSize: expected one of PT1M/],
    ['a region', { location: 'westeurope' }, /location: expected \^global/],
    ['a severity out of range', { severity: 5 }, /severity: expected 0 to 4/],
    [
      'somebody to tell who does not exist',
      { actions: [{ actionGroupId: '/none' }] },
      /Action group \/none was not found/,
    ],
  ])('refuses an alarm with %s', async (_what, changes, words) => {
    await expect(clouds.create(type.alert, { ...alert, ...changes })).rejects.toThrow(words);
    await clouds.create(type.alert, alert);
  });

  it('refuses a metric no site has', async () => {
    const text = JSON.stringify(alert).replace('Http5xx', 'Errors');
    await expect(clouds.create(type.alert, JSON.parse(text))).rejects.toThrow(/metricName: expected one of/);
  });

  it('keeps logs no shorter than it sells, in a workspace that exists, and tests only for a component', async () => {
    const workspace = { ...inGroup, workspaceName: 'logs', sku: { name: 'PerGB2018' } };
    await expect(clouds.create(type.workspace, { ...workspace, retentionInDays: 7 })).rejects.toThrow(
      /expected 30 to 730/,
    );
    const logs = [{ category: 'AppServiceHTTPLogs', enabled: true }];
    const sent = { name: 'logs', resourceUri: '/site', workspaceId: '/none', logs };
    await expect(clouds.create(type.diagnostics, sent)).rejects.toThrow(/ResourceNotFound/);
    const { id } = await clouds.create(type.workspace, workspace);
    await clouds.create(type.diagnostics, { ...sent, workspaceId: id });
    const test = {
      ...{ ...inGroup, syntheticMonitorId: 'ready', webTestKind: 'standard', frequency: 300, timeout: 30 },
      locations: [{ location: 'emea-nl-ams-azr' }],
    };
    await expect(clouds.create(type.webTest, test)).rejects.toThrow(/A single 'hidden-link' tag/);
    await expect(clouds.create(type.webTest, { ...test, frequency: 60 })).rejects.toThrow(
      /frequency: expected one of 300/,
    );
  });
});

describe('what needs another', () => {
  it('a container needs its account, a registry of the smallest size has no retention', async () => {
    const container = { ...inGroup, accountName: 'trireme1', containerName: 'state' };
    await expect(clouds.create(type.container, container)).rejects.toThrow(/ResourceNotFound/);
    await clouds.create(type.storage, { ...inGroup, accountName: 'trireme1', ...standard });
    await clouds.create(type.container, container);
    const policies = { retentionPolicy: { days: 30, status: 'enabled' } };
    const registry = { ...inGroup, registryName: 'trireme1', sku: { name: 'Basic' }, policies };
    await expect(clouds.create(type.registry, registry)).rejects.toThrow(/not supported for the registry SKU Basic/);
  });

  it('a group takes along what is in it', async () => {
    await clouds.create(type.storage, { ...inGroup, accountName: 'trireme1', ...standard });
    const group = `/subscriptions/${accounts.azure.subscriptionId}/resourceGroups/rg`;
    await clouds.client('azure-native:').delete('azure-native:resources:ResourceGroup', group, inGroup);
    await clouds.create(type.storage, { resourceGroupName: 'other', accountName: 'trireme1', ...standard });
  });

  it('a subscription must be the one that is logged in to', async () => {
    const other = '00000000-0000-4000-8000-000000000009';
    await expect(clouds.client('azure-native:').configure({ subscriptionId: other })).rejects.toThrow(
      /SubscriptionNotFound/,
    );
  });
});

it.each([type.mysql, type.postgresql])('a disk that shrinks is refused: %s', async (one) => {
  const inputs = { serverName: 'trireme1', ...login, ...machine, ...inGroup };
  const { id } = await clouds.create(one, inputs);
  const update = (storageSizeGB: number) =>
    clouds.client(one).update(one, id, inputs, { ...inputs, storage: { storageSizeGB } });
  await update(64);
  await expect(update(32)).rejects.toThrow(/cannot be smaller than the original storage size 64 GiB/);
});
