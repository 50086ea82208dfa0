import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Provider as AwsProvider } from '@pulumi/aws/provider.js';
import { Provider as AzureProvider } from '@pulumi/azure-native/provider.js';
import { Provider as GcpProvider } from '@pulumi/gcp/provider.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { awsFoundation } from '../../clouds/aws/foundation.ts';
import { AzureFoundation } from '../../clouds/azure/foundation.ts';
import { GcpFoundation } from '../../clouds/gcp/foundation.ts';
import { audiences } from '../../clouds/trust.ts';
import { type DeployIdentity, foundationConfig, trustedRepository } from '../../contract/service.ts';
import { startProviders } from '../../emulator/providers/start.ts';
import { rules } from '../../policy/rules.ts';
import { emulatedWorld, type TestWorld } from '../emulator/providers/emulated-world.ts';
import { inlineStack } from '../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';
import { awsAllows, azureAllows, gcpAllows } from './oidc-judges.ts';
import { type Render, wrongCells } from './oidc-table.ts';

const github = trustedRepository.parse({
  owner: 'acme',
  ownerId: '1001',
  repository: 'trireme',
  repositoryId: '2002',
});
const resource = z.object({
  urn: z.string(),
  type: z.string(),
  id: z.string().default(''),
  inputs: z.record(z.string(), z.json()).default({}),
  outputs: z.record(z.string(), z.json()).default({}),
});
type Made = z.infer<typeof resource>;

const cacheDirectory = fileURLToPath(new URL('../../../.trireme/cache/', import.meta.url));
let clouds: TestWorld;
let providers: Awaited<ReturnType<typeof startProviders>>;
let directory: string;
let made: readonly Made[];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trireme-trust-'));
  clouds = await emulatedWorld();
  providers = await startProviders(clouds.world, { cacheDirectory });
  const config = (region: string) => foundationConfig.parse({ region, github, stateBucket: true });
  const stack = await inlineStack({
    name: 'foundations',
    directory,
    debugProviders: providers.debugProviders,
    program: async () => {
      await awsFoundation('aws', config('eu-west-1'), { provider: new AwsProvider('aws', { region: 'eu-west-1' }) });
      new GcpFoundation('gcp', config('europe-west1'), {
        provider: new GcpProvider('gcp', { region: 'europe-west1' }),
      });
      new AzureFoundation('azure', config('westeurope'), {
        provider: new AzureProvider('azure', { location: 'westeurope' }),
      });
    },
  });
  await stack.up();
  const { deployment } = await stack.exportStack();
  made = z.object({ resources: z.array(resource) }).parse(deployment).resources;
}, installationMilliseconds);
afterAll(async () => {
  await providers?.stop();
  await clouds?.stop();
  await rm(directory, { recursive: true, force: true });
});

const ofType = (type: string) => made.filter((one) => one.type === type);
const nameOf = ({ urn }: Made) => urn.slice(urn.lastIndexOf('::') + 2);
const texts = z.array(z.string());

const aws: Render = (identity) => {
  const role = ofType('aws:iam/role:Role').find((one) => nameOf(one) === identity);
  const policy = z
    .object({
      Statement: z.array(
        z.object({
          Effect: z.string(),
          Action: z.string(),
          Principal: z.object({ Federated: z.string() }),
          Condition: z.record(z.string(), z.record(z.string(), z.union([z.string(), texts]))),
        }),
      ),
    })
    .parse(JSON.parse(String(role?.inputs.assumeRolePolicy)));
  return { audience: audiences.aws, allows: (claims) => awsAllows(policy, claims) };
};

const gcp: Render = (identity) => {
  const [pool] = ofType('gcp:iam/workloadIdentityPool:WorkloadIdentityPool');
  const [provider] = ofType('gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider');
  const { attributeCondition, attributeMapping, oidc } = z
    .object({
      attributeCondition: z.string(),
      attributeMapping: z.record(z.string(), z.string()),
      oidc: z.object({ issuerUri: z.string() }).passthrough(),
    })
    .parse(provider?.inputs);
  const members = ofType('gcp:serviceaccount/iAMMember:IAMMember')
    .filter(({ inputs }) => String(inputs.serviceAccountId).includes(`/trireme-${identity}@`))
    .filter(({ inputs }) => inputs.role === 'roles/iam.workloadIdentityUser')
    .map(({ inputs }) => String(inputs.member));
  // No list of other audiences: the provider's own name is the only one.
  expect(oidc.allowedAudiences).toBeUndefined();
  const audience = `https://iam.googleapis.com/${String(provider?.outputs.name)}`;
  const trust = {
    issuer: oidc.issuerUri,
    audience,
    mapping: attributeMapping,
    condition: attributeCondition,
    pool: String(pool?.outputs.name),
    members,
  };
  return { audience, allows: (claims) => gcpAllows(trust, claims) };
};

const azure: Render = (identity) => {
  const credentials = ofType('azure-native:managedidentity:FederatedIdentityCredential')
    .filter(({ inputs }) => inputs.resourceName === `trireme-${identity}`)
    .map(({ inputs }) => ({
      name: String(inputs.federatedIdentityCredentialResourceName),
      issuer: String(inputs.issuer),
      subject: String(inputs.subject),
      audiences: texts.parse(inputs.audiences),
    }));
  return { audience: audiences.azure, allows: (claims) => azureAllows(credentials, claims) };
};

describe('foundations as the real engine makes them', () => {
  it.each([
    ['aws', aws],
    ['gcp', gcp],
    ['azure', azure],
  ] satisfies [string, Render][])('%s: the truth table of what is in the account', (_, render) => {
    expect(wrongCells(render, github).wrong).toEqual([]);
  });

  it('no identity holds more than its listed roles', () => {
    const identities: readonly DeployIdentity[] = ['deploy-dev', 'deploy-prod', 'plan'];
    const inline = ofType('aws:iam/rolePolicy:RolePolicy')
      .map(({ inputs }) => String(inputs.name))
      .sort();
    expect(inline).toEqual([...identities].sort());
    const roles = [
      ...ofType('gcp:projects/iAMMember:IAMMember'),
      ...ofType('gcp:storage/bucketIAMMember:BucketIAMMember'),
      ...ofType('gcp:artifactregistry/repositoryIamMember:RepositoryIamMember'),
    ]
      .filter(({ inputs }) => /trireme-(deploy-dev|deploy-prod|plan)@/.test(String(inputs.member)))
      .map(({ inputs }) => String(inputs.role));
    expect(roles.length).toBeGreaterThan(6);
    expect(roles.filter((role) => !role.startsWith('projects/'))).toEqual([]);
    const bindings = ofType('gcp:projects/iAMMember:IAMMember').map(({ inputs }) => inputs.condition);
    expect(bindings).not.toContain(undefined);
    const definitions = ofType('azure-native:authorization:RoleDefinition').map(({ id }) => id);
    const assigned = ofType('azure-native:authorization:RoleAssignment').filter(({ urn }) =>
      /::(deploy-|plan-)/.test(urn),
    );
    expect(assigned.length).toBeGreaterThan(5);
    expect(assigned.filter(({ inputs }) => !definitions.includes(String(inputs.roleDefinitionId)))).toEqual([]);
  });

  it('pass the rules of the policy pack about trust and grants', () => {
    const findings = made.flatMap((one) =>
      (['no-wildcard-grant', 'no-wildcard-trust', 'no-public-grant'] as const).flatMap((rule) =>
        (rules[rule].resource?.({ ...one, name: nameOf(one), stack: 'aws-foundation', isProtected: false }) ?? []).map(
          ({ path, found }) => `${nameOf(one)}.${path}: ${found}`,
        ),
      ),
    );
    expect(findings).toEqual([]);
  });
});
