import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { repositoryIn } from '../../../cli/bootstrap/github.ts';
import { whatIsMade } from '../../../cli/bootstrap/made.ts';
import { diffOf, withMissingKeys } from '../../../cli/bootstrap/stack-file.ts';
import { bucketUrl } from '../../../cli/bootstrap/state.ts';
import { type Brought, variablesFor, withVariables } from '../../../cli/bootstrap/variables.ts';
import { parseStackFile } from '../../../config.ts';
import { trustedRepository } from '../../../contract/service.ts';

const github = { owner: 'acme', ownerId: '7', repository: 'ship', repositoryId: '9' };
const shipped = await readFile(new URL('../../../../stacks/Pulumi.github.yaml', import.meta.url), 'utf8');

describe('a foundation’s stack file', () => {
  const text = '# ours\nconfig:\n  trireme:region: eu-west-1 # near\n  trireme:labels: {team: a}\n';

  test('gets only the keys it lacks, each in its place, and keeps what people wrote', () => {
    const { text: edited, diff } = withMissingKeys(text, { github, stateBucket: true, labels: { team: 'b' } });
    expect(diff).toEqual([
      '+   trireme:github:',
      '+     owner: acme',
      '+     ownerId: "7"',
      '+     repository: ship',
      '+     repositoryId: "9"',
      '+   trireme:stateBucket: true',
    ]);
    expect(edited).toContain('# ours\nconfig:\n  trireme:region: eu-west-1 # near\n  trireme:github:');
    expect(parseStackFile('aws-foundation', edited)).toMatchObject({
      config: { github, stateBucket: true, labels: { team: 'a' } },
    });
    expect(withMissingKeys(edited, { github, stateBucket: true })).toEqual({ text: edited, diff: [] });
  });

  test.each([
    ['a\nb\n', 'a\nb\n', []],
    ['a\nb\n', 'a\nc\n', ['- b', '+ c']],
    ['a\n', 'a\nb\n', ['+ b']],
    ['a\nb\n', 'b\n', ['- a']],
  ])('%j to %j', (before, after, expected) => {
    expect([...diffOf(before, after)].sort()).toEqual([...expected].sort());
  });
});

const brought = (cloud: Brought['cloud'], details: Record<string, string>, change: Partial<Brought> = {}): Brought => ({
  ...{ cloud, region: 'eu-west-1', account: 'home', tenant: 'tenant', backend: 's3://state', accounts: {} },
  outputs: { repository: 'r', pullIdentity: 'p', details },
  ...change,
});
const identities = (prefix: string) =>
  Object.fromEntries(
    ['deploy-dev', 'deploy-prod', 'plan'].map((identity) => [`${prefix}.${identity}`, `${identity}!`]),
  );
const state = { PULUMI_BACKEND_URL: 's3://state' };

describe('what jobs on GitHub need to know', () => {
  test.each<[string, Brought, string, object | undefined]>([
    [
      'AWS, dev',
      brought('aws', identities('role')),
      'dev',
      { AWS_ROLE_ARN: 'deploy-dev!', AWS_REGION: 'eu-west-1', ...state },
    ],
    [
      'AWS, rolling back',
      brought('aws', identities('role')),
      'prod-rollback',
      { AWS_ROLE_ARN: 'deploy-prod!', AWS_REGION: 'eu-west-1', ...state },
    ],
    [
      'AWS, looking',
      brought('aws', identities('role')),
      'prod-plan',
      { AWS_ROLE_ARN: 'plan!', AWS_REGION: 'eu-west-1', ...state },
    ],
    ['no roles', brought('aws', {}), 'dev', undefined],
    [
      'a state on this machine',
      brought('aws', identities('role'), { backend: 'file:///s' }),
      'dev',
      { AWS_ROLE_ARN: 'deploy-dev!', AWS_REGION: 'eu-west-1' },
    ],
    [
      'Google Cloud',
      brought('gcp', { ...identities('account'), workloadIdentityProvider: 'w' }),
      'prod',
      { GCP_PROJECT: 'home', GCP_WORKLOAD_IDENTITY_PROVIDER: 'w', GCP_SERVICE_ACCOUNT: 'deploy-prod!', ...state },
    ],
    ...(['prod', 'prod-plan', 'dev'] as const).map((environment): [string, Brought, string, object] => [
      `Google Cloud, prod in a project of its own: ${environment}`,
      brought(
        'gcp',
        { ...identities('account'), workloadIdentityProvider: 'w', 'workloadIdentityProvider.prod': 'p' },
        { accounts: { prod: 'other' } },
      ),
      environment,
      {
        GCP_PROJECT: environment === 'dev' ? 'home' : 'other',
        GCP_WORKLOAD_IDENTITY_PROVIDER: environment === 'dev' ? 'w' : 'p',
        GCP_SERVICE_ACCOUNT: `${environment === 'dev' ? 'deploy-dev' : environment === 'prod' ? 'deploy-prod' : 'plan'}!`,
        ...state,
      },
    ]),
    [
      'Azure',
      brought('azure', identities('client')),
      'prod',
      { AZURE_CLIENT_ID: 'deploy-prod!', AZURE_TENANT_ID: 'tenant', AZURE_SUBSCRIPTION_ID: 'home', ...state },
    ],
  ])('%s', (_, from, environment, expected) => {
    expect(variablesFor(from)[environment as 'dev']).toEqual(expected);
  });

  test('is written into the github stack’s file, beside the repository’s name, and nothing else changes', () => {
    const variables = variablesFor(brought('aws', identities('role')));
    const trusted = trustedRepository.parse(github);
    const { text, diff } = withVariables(shipped, variables, trusted);
    expect(parseStackFile('github', text)).toMatchObject({
      config: {
        owner: 'acme',
        repository: 'ship',
        environments: { 'prod-plan': { variables: { AWS_ROLE_ARN: 'plan!', GCP_PROJECT: 'your-project' } } },
      },
    });
    for (const line of diff) expect(line).toMatch(/owner: |repository: |AWS_ROLE_ARN|AWS_REGION|PULUMI_BACKEND_URL/);
    expect(withVariables(text, variables, trusted)).toEqual({ text, diff: [] });
  });

  test('of nobody changes nothing', () => {
    expect(withVariables(shipped, {}, undefined)).toEqual({ text: shipped, diff: [] });
  });

  test('the old form of subjects is asked of GitHub too', () => {
    const trusted = trustedRepository.parse({ ...github, legacySubject: true });
    const found = parseStackFile('github', withVariables(shipped, {}, trusted).text);
    expect(found).toMatchObject({
      config: { oidcSubject: ['repo', 'context', 'job_workflow_ref', 'repository_id', 'repository_owner_id'] },
    });
  });
});

test.each([
  ['git@github.com:acme/ship.git', 'acme/ship'],
  ['ssh://git@github.com/acme/ship.git', 'acme/ship'],
  ['https://github.com/acme/ship\n', 'acme/ship'],
  ['https://x@github.com/acme/ship.git', 'acme/ship'],
  ['https://github.com.evil.example/acme/ship', undefined],
  ['https://gitlab.com/acme/ship', undefined],
  ['/srv/ship', undefined],
])('the remote %j is %s', (remote, repository) => {
  expect(repositoryIn(remote)).toBe(repository);
});

test.each([
  ['aws', 'b', 's3://b?region=eu-west-1'],
  ['gcp', 'b', 'gs://b'],
  ['azure', 'azblob://state?storage_account=a', 'azblob://state?storage_account=a'],
  ['aws', undefined, undefined],
] as const)('the bucket %s %s is a backend', (cloud, stateBucket, url) => {
  const details: Record<string, string> = stateBucket === undefined ? {} : { stateBucket };
  expect(bucketUrl(cloud, 'eu-west-1', { repository: 'r', pullIdentity: 'p', details })).toBe(url);
});

test('what is made is told by why', () => {
  const change = (type: string, name: string, operation: 'create' | 'update' = 'create') => ({
    urn: name,
    type,
    name,
    operation,
    paths: [],
  });
  expect(
    whatIsMade([
      change('aws:ecr/repository:Repository', 'repository'),
      change('aws:iam/role:Role', 'plan', 'update'),
      change('aws:iam/role:Role', 'deploy-dev'),
      change('aws:s3/bucket:Bucket', 'state-bucket'),
      change('odd:thing', 'odd'),
    ]).map(({ names }) => names),
  ).toEqual([['repository'], ['state-bucket'], ['deploy-dev', 'plan (update)'], ['odd']]);
});
