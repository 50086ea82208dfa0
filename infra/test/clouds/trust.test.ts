import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { assumeRolePolicy } from '../../clouds/aws/trust.ts';
import { federatedCredentials, plainFormAllows } from '../../clouds/azure/trust.ts';
import { attributeCondition, attributeMapping, audience, principals } from '../../clouds/gcp/trust.ts';
import { audiences, issuer, trustedJobs } from '../../clouds/trust.ts';
import { deployIdentities, type TrustedRepository, trustedRepository } from '../../contract/service.ts';
import { type AwsConditions, type AwsPolicy, awsAllows, azureAllows, type GcpTrust, gcpAllows } from './oidc-judges.ts';
import { type Render, shapesIn, wrongCells } from './oidc-table.ts';

const providerArn = 'arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com';
const pool = 'projects/123456789012/locations/global/workloadIdentityPools/github';

const repositoryOf = (options: Partial<TrustedRepository> = {}): TrustedRepository =>
  trustedRepository.parse({ owner: 'acme', ownerId: '1001', repository: 'trireme', repositoryId: '2002', ...options });

const aws =
  (widen: (policy: AwsPolicy) => AwsPolicy = (policy) => policy): Render =>
  (identity, repository) => {
    const policy = widen(assumeRolePolicy({ identity, repository, providerArn }));
    return { audience: audiences.aws, allows: (claims) => awsAllows(policy, claims) };
  };
const gcp =
  (widen: (trust: GcpTrust) => GcpTrust = (trust) => trust): Render =>
  (identity, repository) => {
    const trust = widen({
      issuer,
      audience: audience(`${pool}/providers/trireme`),
      mapping: attributeMapping,
      condition: attributeCondition(repository),
      pool,
      members: principals(identity, repository, pool),
    });
    return { audience: trust.audience, allows: (claims) => gcpAllows(trust, claims) };
  };
const azure =
  (widen: (subject: string) => string = (subject) => subject): Render =>
  (identity, repository) => {
    const credentials = federatedCredentials(identity, repository).map((one) => ({
      ...one,
      subject: widen(one.subject),
    }));
    return { audience: audiences.azure, allows: (claims) => azureAllows(credentials, claims) };
  };
const clouds = { aws: aws(), gcp: gcp(), azure: azure() };

describe('who gets in, by the policies as rendered', () => {
  const forms = [
    ['pinned', {}],
    ['plain', { subjectForm: 'plain' }],
    ['pinned, and the form without ids', { legacySubject: true }],
    ['plain, and the form without ids', { subjectForm: 'plain', legacySubject: true }],
  ] as const;
  const cases = forms.flatMap(([form, options]) =>
    (['aws', 'gcp', 'azure'] as const)
      // Azure refuses the last form as such.
      .filter((cloud) => cloud !== 'azure' || form !== 'plain, and the form without ids')
      .map((cloud) => ({ form, cloud, options })),
  );

  it.each(cases)('$cloud, $form', ({ cloud, form, options }) => {
    const { wrong, cells } = wrongCells(clouds[cloud], repositoryOf(options));
    expect(cells).toBeGreaterThan(3 * 6 * 20);
    expect(shapesIn(wrong)).toEqual(
      cloud === 'azure' && form === 'plain' ? plainFormAllows.map((shape) => `+ ${shape}`) : [],
    );
  });
});

describe('a widened condition shows', () => {
  const forEach =
    (change: (keys: Record<string, string | readonly string[]>) => AwsConditions) => (policy: AwsPolicy) => ({
      Statement: policy.Statement.map((statement) => ({
        ...statement,
        Condition: change({ ...statement.Condition.StringEquals }),
      })),
    });
  const host = 'token.actions.githubusercontent.com';
  const audienceOnly = { [`${host}:aud`]: audiences.aws };
  const without = (claim: string) =>
    aws(
      forEach((keys) => ({
        StringEquals: Object.fromEntries(Object.entries(keys).filter(([key]) => key !== `${host}:${claim}`)),
      })),
    );
  const like = (pattern: string) =>
    aws(forEach(() => ({ StringEquals: audienceOnly, StringLike: { [`${host}:sub`]: pattern } })));
  const forAllValues = aws(forEach((keys) => ({ StringEquals: audienceOnly, 'ForAllValues:StringEquals': keys })));
  const split = aws((policy) => ({
    Statement: policy.Statement.flatMap((statement) =>
      Object.entries(statement.Condition.StringEquals ?? {}).map(([key, value]) => ({
        ...statement,
        Condition: { StringEquals: { [key]: value } },
      })),
    ),
  }));
  const condition = (change: (condition: string) => string) =>
    gcp((trust) => ({ ...trust, condition: change(trust.condition) }));
  const replaced = (found: string | RegExp) => condition((text) => text.replaceAll(found, 'true'));
  // The principal holds it too.
  const noRepositoryId = gcp((trust) => ({
    ...trust,
    condition: trust.condition.replace("assertion.repository_id == '2002'", 'true'),
    mapping: { 'google.subject': '"2002:" + assertion.environment' },
  }));
  const otherMembers = gcp((trust) => ({ ...trust, members: principals('deploy-prod', repositoryOf(), pool) }));
  /** Here no condition is covered by another one. */
  const loose = { subjectForm: 'plain', legacySubject: true } as const;

  it.each([
    ['aws: no sub', without('sub'), loose],
    ['aws: no aud', without('aud'), loose],
    ['aws: no repository_id', without('repository_id'), loose],
    ['aws: no repository_owner_id', without('repository_owner_id'), loose],
    ['aws: no job_workflow_ref', without('job_workflow_ref'), loose],
    ['aws: any subject of the repository', like('repo:acme*/trireme*:*'), {}],
    ['aws: any environment that begins so', like('repo:acme@1001/trireme@2002:environment:prod*'), {}],
    ['aws: a set operator', forAllValues, {}],
    ['aws: conditions in statements of their own', split, {}],
    ['gcp: anybody', condition(() => 'true'), {}],
    ['gcp: the owner only', condition(() => "assertion.repository_owner_id == '1001'"), {}],
    ['gcp: no repository_id', noRepositoryId, loose],
    ['gcp: no repository_owner_id', replaced("assertion.repository_owner_id == '1001'"), loose],
    ['gcp: no workflow', replaced(/assertion\.job_workflow_ref == '[^']+'/g), loose],
    ['gcp: no subject', replaced(/assertion\.sub in \[[^\]]+\]/g), loose],
    ['gcp: a subject that begins so', condition(() => "assertion.sub.startsWith('repo:acme@1001/')"), {}],
    ['gcp: the members of another identity', otherMembers, {}],
    ['azure: no workflow', azure((subject) => subject.replace(/:job_workflow_ref:.*$/, '')), {}],
    ['azure: a branch', azure((subject) => subject.replace(/environment:[a-z-]+/, 'ref:refs/heads/main')), {}],
    [
      'azure: another environment',
      azure((subject) => subject.replace(/environment:[a-z-]+/, 'environment:staging')),
      {},
    ],
  ] satisfies [string, Render, Partial<TrustedRepository>][])('%s', (_, widened, options) => {
    expect(wrongCells(widened, repositoryOf(options)).wrong).not.toEqual([]);
  });
});

describe('limits of the vendors', () => {
  const long = { owner: 'o'.repeat(39), repository: 'r'.repeat(39), ownerId: '1234567890', repositoryId: '1234567890' };

  it.each(deployIdentities)('%s, with long names', (identity) => {
    const repository = repositoryOf(long);
    expect(JSON.stringify(assumeRolePolicy({ identity, repository, providerArn })).length).toBeLessThan(2048);
    expect(attributeCondition(repository).length).toBeLessThan(4096);
    for (const member of principals(identity, repository, pool)) {
      expect(member.split('/subject/')[1]?.length).toBeLessThan(128);
    }
    const credentials = federatedCredentials(identity, repositoryOf({ ...long, legacySubject: true }));
    // Of one identity; no configuration makes more, only another workflow that logs in would:
    // https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
    expect(credentials.length).toBeLessThanOrEqual(20);
    expect(new Set(credentials.map(({ name }) => name)).size).toBe(credentials.length);
    for (const { name, subject } of credentials) {
      expect(name).toMatch(/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/);
      expect(subject.length).toBeLessThanOrEqual(600);
    }
  });

  it('what is too long is refused before the vendor refuses it', () => {
    const repository = repositoryOf({ ...long, repository: 'r'.repeat(100), legacySubject: true });
    expect(() => attributeCondition(repository)).toThrow('at most 4096 characters');
    expect(() => assumeRolePolicy({ identity: 'deploy-prod', repository, providerArn })).toThrow(
      'at most 2048 characters',
    );
  });

  it('Azure is given no subject that holds neither ids nor workflow', () => {
    const repository = repositoryOf({ legacySubject: true, subjectForm: 'plain' });
    expect(() => federatedCredentials('plan', repository)).toThrow('expected subjectForm pinned');
  });

  it('credentials are named by what they let in, and sorted', () => {
    const names = federatedCredentials('deploy-prod', repositoryOf({ legacySubject: true })).map(({ name }) => name);
    expect(names).toEqual([
      'prod-promote',
      'prod-promote-legacy',
      'prod-rollback-rollback',
      'prod-rollback-rollback-legacy',
    ]);
  });
});

describe('the jobs that are trusted', () => {
  it('are every job of every workflow that logs in to a cloud', async () => {
    expect(await logins()).toEqual(
      deployIdentities
        .flatMap((identity) => trustedJobs(identity, repositoryOf()))
        .map(({ environment, workflow }) => `${workflow} in ${environment}`)
        .sort(),
    );
  });
});

async function logins(): Promise<readonly string[]> {
  const directory = fileURLToPath(new URL('../../../.github/workflows/', import.meta.url));
  const files = await Promise.all(
    (await readdir(directory)).map(async (name) => ({ name, text: await readFile(`${directory}${name}`, 'utf8') })),
  );
  const found = files.flatMap(({ name, text }) => {
    const { jobs: all } = workflow.parse(parse(text));
    return Object.values(all)
      .filter(({ steps }) => steps.some(({ uses }) => uses === './.github/actions/login'))
      .map(({ environment }) => `${name} in ${environment}`);
  });
  return [...new Set(found)].sort();
}
const workflow = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      environment: z.string().optional(),
      steps: z.array(z.object({ uses: z.string().optional() })).default([]),
    }),
  ),
});
