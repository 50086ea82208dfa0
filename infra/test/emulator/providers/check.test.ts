import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Properties } from '../../../emulator/engine/property.ts';
import { type AttachedClouds, attachedClouds } from './attached-clouds.ts';

let clouds: AttachedClouds;
beforeAll(async () => {
  clouds = await attachedClouds();
});
afterAll(() => clouds.stop());

const service = {
  serviceName: 'trireme-dev',
  sourceConfiguration: {
    autoDeploymentsEnabled: false,
    authenticationConfiguration: { accessRoleArn: 'arn:aws:iam::123456789012:role/pull' },
    imageRepository: {
      imageIdentifier: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme@sha256:${'a'.repeat(64)}`,
      imageRepositoryType: 'ECR',
      imageConfiguration: { port: '8080', runtimeEnvironmentVariables: { RELEASE_ID: 'rel-1' } },
    },
  },
  healthCheckConfiguration: { protocol: 'HTTP', path: '/', interval: 10, timeout: 5 },
  instanceConfiguration: { cpu: '1024', memory: '2048' },
};
const run = {
  location: 'europe-west1',
  template: {
    containers: [
      {
        image: 'europe-west1-docker.pkg.dev/p/r/i@sha256:0',
        ports: { containerPort: 8080 },
        envs: [{ name: 'RELEASE_ID', value: 'rel-1' }],
        startupProbe: { httpGet: { path: '/' }, periodSeconds: 10 },
      },
    ],
    maxInstanceRequestConcurrency: 80,
  },
};
const site = { resourceGroupName: 'rg', name: 'trireme-dev', serverFarmId: '/plan', kind: 'app,linux,container' };

/** [what, type, changes to good inputs, the one fault] */
const cases: readonly [string, string, Properties, string | RegExp][] = [
  [
    'an unknown property',
    'aws:ecr/repository:Repository',
    { imageTagMutabilty: 'MUTABLE' },
    'imageTagMutabilty: unknown property; did you mean `imageTagMutability`?',
  ],
  [
    'a bad enumerated string',
    'aws:ecr/repository:Repository',
    { imageTagMutability: 'SOMETIMES' },
    /^imageTagMutability: expected one of MUTABLE/,
  ],
  ['upper case in a repository’s name', 'aws:ecr/repository:Repository', { name: 'Trireme' }, /^name: expected/],
  ['a missing policy', 'aws:iam/role:Role', {}, 'assumeRolePolicy: missing required property'],
  [
    'a policy that is no JSON',
    'aws:iam/role:Role',
    { assumeRolePolicy: '{' },
    /^assumeRolePolicy: contains an invalid JSON policy/,
  ],
  [
    'a number for a string',
    'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
    { role: 7, policyArn: 'arn:aws:iam::aws:policy/A' },
    'role: expected a string or a string, found the number 7',
  ],
  [
    'no ARN',
    'aws:iam/rolePolicyAttachment:RolePolicyAttachment',
    { role: 'r', policyArn: 'AdministratorAccess' },
    /^policyArn: expected/,
  ],
  [
    'a concurrency out of range',
    'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion',
    { autoScalingConfigurationName: 'trireme', maxConcurrency: 500 },
    'maxConcurrency: expected 1 to 200, found 500',
  ],
  [
    'a service name that is too short',
    'aws:apprunner/service:Service',
    { ...service, serviceName: 'dev' },
    /^serviceName: expected/,
  ],
  [
    'an image outside ECR',
    'aws:apprunner/service:Service',
    {
      ...service,
      sourceConfiguration: { imageRepository: { imageIdentifier: 'docker.io/a:1', imageRepositoryType: 'ECR' } },
    },
    /^sourceConfiguration\.imageRepository\.imageIdentifier: expected/,
  ],
  [
    'a probe interval out of range',
    'aws:apprunner/service:Service',
    { ...service, healthCheckConfiguration: { interval: 30 } },
    'healthCheckConfiguration.interval: expected 1 to 20, found 30',
  ],
  [
    'a size that is none',
    'aws:apprunner/service:Service',
    { ...service, instanceConfiguration: { cpu: '1000' } },
    /^instanceConfiguration\.cpu: expected/,
  ],
  [
    'a number where App Runner wants text',
    'aws:apprunner/service:Service',
    { ...service, instanceConfiguration: { cpu: 1024 } },
    'instanceConfiguration.cpu: expected a string, found the number 1024',
  ],
  [
    'a missing nested property',
    'aws:apprunner/service:Service',
    { ...service, sourceConfiguration: { imageRepository: { imageRepositoryType: 'ECR' } } },
    'sourceConfiguration.imageRepository.imageIdentifier: missing required property',
  ],
  ['a missing template', 'gcp:cloudrunv2/service:Service', { location: 'l' }, 'template: missing required property'],
  [
    'a misspelt container field',
    'gcp:cloudrunv2/service:Service',
    { ...run, template: { containers: [{ image: 'x', env: [] }] } },
    /^template\.containers\[0\]\.env: unknown property/,
  ],
  [
    'a list where one port is meant',
    'gcp:cloudrunv2/service:Service',
    { ...run, template: { containers: [{ image: 'x', ports: [{ containerPort: 80 }] }] } },
    'template.containers[0].ports: expected an object, found a list',
  ],
  [
    'a concurrency beyond 1000',
    'gcp:cloudrunv2/service:Service',
    { ...run, template: { ...run.template, maxInstanceRequestConcurrency: 2000 } },
    'template.maxInstanceRequestConcurrency: expected 0 to 1000, found 2000',
  ],
  [
    'a variable Cloud Run keeps for itself',
    'gcp:cloudrunv2/service:Service',
    { ...run, template: { containers: [{ image: 'x', envs: [{ name: 'PORT', value: '1' }] }] } },
    'template.containers[0].envs[0].name: PORT is reserved: Cloud Run sets it',
  ],
  [
    'a bad ingress',
    'gcp:cloudrunv2/service:Service',
    { ...run, ingress: 'ALL' },
    /^ingress: expected one of INGRESS_TRAFFIC_ALL/,
  ],
  ['a short account id', 'gcp:serviceaccount/account:Account', { accountId: 'pull' }, /^accountId: expected/],
  [
    'a member without its kind',
    'gcp:projects/iAMMember:IAMMember',
    { project: 'p', role: 'roles/viewer', member: 'a@b.c' },
    /^member: expected/,
  ],
  [
    'a repository format that is none',
    'gcp:artifactregistry/repository:Repository',
    { repositoryId: 'trireme', format: 'OCI' },
    /^format: expected one of DOCKER/,
  ],
  [
    'a dash in a registry’s name',
    'azure-native:containerregistry:Registry',
    { resourceGroupName: 'rg', registryName: 'tri-reme', sku: { name: 'Basic' } },
    /^registryName: expected/,
  ],
  [
    'a missing sku',
    'azure-native:containerregistry:Registry',
    { resourceGroupName: 'rg', registryName: 'trireme' },
    'sku: missing required property',
  ],
  [
    'a principal type that is none',
    'azure-native:authorization:RoleAssignment',
    {
      principalId: 'p',
      roleDefinitionId: `/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/${'a'.repeat(36)}`,
      scope: '/subscriptions/s',
      principalType: 'Robot',
    },
    /^principalType: expected one of User/,
  ],
  [
    'a value outside a closed enumeration',
    'azure-native:web:WebApp',
    { ...site, clientCertMode: 'Sometimes' },
    'clientCertMode: expected one of "Required", "Optional", "OptionalInteractiveUser", found the string "Sometimes"',
  ],
  [
    'text for a boolean',
    'azure-native:web:WebApp',
    { ...site, httpsOnly: 'true' },
    'httpsOnly: expected a boolean, found the string "true"',
  ],
  [
    'a misspelt siteConfig key',
    'azure-native:web:WebAppSlot',
    { ...site, slot: 'candidate', siteConfig: { linuxFXVersion: 'DOCKER|x' } },
    'siteConfig.linuxFXVersion: unknown property; did you mean `linuxFxVersion`?',
  ],
  [
    'a setting without its form',
    'azure-native:web:WebApp',
    { ...site, siteConfig: { appSettings: [{ key: 'A', value: 'b' }] } },
    /^siteConfig\.appSettings\[0\]\.key: unknown property/,
  ],
];

describe('what a vendor would refuse is refused before anything is made', () => {
  it.each(cases)('%s (%s)', async (_what, type, inputs, fault) => {
    const { faults } = await clouds.client(type).check(type, inputs as never);
    expect(faults).toEqual([typeof fault === 'string' ? fault : expect.stringMatching(fault)]);
  });

  it.each([
    ['aws:apprunner/service:Service', service],
    ['gcp:cloudrunv2/service:Service', run],
    ['azure-native:web:WebApp', site],
  ])('and good inputs of %s pass', async (type, inputs) => {
    expect((await clouds.client(type).check(type, inputs)).faults).toEqual([]);
  });
});
