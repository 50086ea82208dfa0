import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { audiences } from '../../clouds/trust.ts';
import type { DeployIdentity } from '../../contract/service.ts';
import { rules } from '../../policy/rules.ts';
import { installationMilliseconds } from '../pulumi/tiny-deployer.ts';
import { github, type Made, madeFoundations, nameOf } from './made-foundations.ts';
import { awsAllows, azureAllows, gcpAllows } from './oidc-judges.ts';
import { type Render, wrongCells } from './oidc-table.ts';

let made: readonly Made[];
beforeAll(async () => {
  made = await madeFoundations();
}, installationMilliseconds);

const ofType = (type: string) => made.filter((one) => one.type === type);
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
