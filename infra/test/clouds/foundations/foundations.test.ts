import { beforeAll, describe, expect, it } from 'vitest';
import type { DeployIdentity } from '../../../contract/service.ts';
import { type Cloud, clouds } from '../../../contract/stack.ts';
import { accounts } from '../../../emulator/world.ts';
import { rules } from '../../../policy/rules.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';
import { wrongCells } from '../oidc-table.ts';
import { awsMay } from './aws-judge.ts';
import { awsRows } from './aws-rows.ts';
import { azureMay } from './azure-judge.ts';
import { azureRows } from './azure-rows.ts';
import { gcpMay } from './gcp-judge.ts';
import { gcpRows } from './gcp-rows.ts';
import { github, type Made, madeFoundations, nameOf } from './made.ts';
import { wrongRows } from './row.ts';
import { renders } from './trust-renders.ts';
import { widenings } from './widenings.ts';

type Layout = 'shared' | 'apart';

const homes: Readonly<Record<Cloud, string>> = {
  aws: accounts.aws.accountId,
  gcp: accounts.gcp.project,
  azure: accounts.azure.subscriptionId,
};
const own: Readonly<Record<Cloud, string>> = {
  aws: '210987654321',
  gcp: 'trireme-production',
  azure: accounts.azure.otherSubscriptionId,
};

let made: Readonly<Record<Layout, readonly Made[]>>;
beforeAll(async () => {
  const [shared, apart] = await Promise.all([
    madeFoundations(),
    madeFoundations({ aws: { prod: own.aws }, gcp: { prod: own.gcp }, azure: { prod: own.azure } }),
  ]);
  made = { shared, apart };
}, installationMilliseconds);

type Table = (made: readonly Made[], prod: string, layout: Layout) => readonly string[];
const tables: Readonly<Record<Cloud, Table>> = {
  aws: (made, prod, layout) => wrongRows(awsRows, awsMay, { made, prod, layout }),
  gcp: (made, prod, layout) => wrongRows(gcpRows, gcpMay, { made, prod, layout }),
  azure: (made, prod, layout) => wrongRows(azureRows, azureMay, { made, prod, layout }),
};

const layouts = [
  ['shared', homes],
  ['apart', own],
] as const;

describe.each(layouts)('who may become whom, and touch what is whose: %s', (layout, prod) => {
  it.each(clouds)('%s', (cloud) => {
    expect(tables[cloud](made[layout], prod[cloud], layout)).toEqual([]);
  });
});

describe.each(layouts)('who on GitHub may become whom: %s', (layout) => {
  it.each(clouds)('%s', (cloud) => {
    expect(wrongCells(renders[cloud](made[layout]), github).wrong).toEqual([]);
  });
});

describe('foundations as the real engine makes them', () => {
  const ofType = (type: string) => made.shared.filter((one) => one.type === type);

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
    const findings = made.shared.flatMap((one) =>
      (['no-wildcard-grant', 'no-wildcard-trust', 'no-public-grant'] as const).flatMap((rule) =>
        (rules[rule].resource?.({ ...one, name: nameOf(one), stack: 'aws-foundation', isProtected: false }) ?? []).map(
          ({ path, found }) => `${nameOf(one)}.${path}: ${found}`,
        ),
      ),
    );
    expect(findings).toEqual([]);
  });
});

describe('a widening is found', () => {
  const planted = clouds.flatMap((cloud) => widenings[cloud].map(([what, widen]) => [cloud, what, widen] as const));
  it.each(planted)('%s: %s', (cloud, _what, widen) => {
    expect(tables[cloud](widen(made.shared), homes[cloud], 'shared')).not.toEqual([]);
  });
});

it('the tables ask what matters', () => {
  for (const rows of [awsRows, gcpRows, azureRows]) {
    expect(rows.filter(({ shared }) => !shared).length).toBeGreaterThanOrEqual(15);
    // A judge that refuses everything would find nothing wrong with those.
    expect(rows.filter(({ shared, apart }) => shared && apart).length).toBeGreaterThanOrEqual(5);
  }
});
