import { glob, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { grants as awsGrants } from '../../clouds/aws/grant-list.ts';
import { policyDocument } from '../../clouds/aws/grants.ts';
import { grants as azureGrants } from '../../clouds/azure/grant-list.ts';
import { assignableRoles, assignmentCondition, permissionsOf as azurePermissions } from '../../clouds/azure/grants.ts';
import { grants as gcpGrants } from '../../clouds/gcp/grant-list.ts';
import { permissionsOf as gcpPermissions, projectCondition, stateCondition } from '../../clouds/gcp/grants.ts';
import { actionsOf, deployers, type Grant, purposes } from '../../clouds/grants.ts';
import { type DeployIdentity, deployIdentities } from '../../contract/service.ts';
import { importsOf, type ManagedTypes, managedTypes, sdkActions, statedRights } from './managed-types.ts';

const lists = { aws: awsGrants, gcp: gcpGrants, azure: azureGrants } as const;
const clouds = ['aws', 'gcp', 'azure'] as const;
const gcpRoot = fileURLToPath(new URL('../../clouds/gcp/', import.meta.url));

/** Everything one identity may do on one cloud, as rendered. */
function actions(cloud: (typeof clouds)[number], identity: DeployIdentity): readonly string[] {
  if (cloud === 'aws') {
    const scope = { account: '123456789012', region: 'eu-west-1', stateBucket: 'state' };
    return (['services', 'state'] as const).flatMap((part) =>
      policyDocument(identity, scope, part).Statement.flatMap(({ Action }) => Action),
    );
  }
  if (cloud === 'gcp') {
    const places = ['project', 'runtime-account', 'repository', 'state-bucket', 'state-common'] as const;
    return places.flatMap((where) => gcpPermissions(identity, where));
  }
  return (['environment', 'subscription', 'registry', 'pull-identity', 'state'] as const).flatMap((where) => {
    const found = azurePermissions(identity, where);
    return [...found.actions, ...found.dataActions];
  });
}

const isLookUp = (type: string) => /:get[A-Z]\w*$/.test(type);

/** What is managed and not granted, or granted and not managed; one sentence each. */
function gaps(managed: ManagedTypes, grants: readonly Grant[]): readonly string[] {
  const all = new Set([...managed.service, ...managed.foundation]);
  const granted = (type: string, identity: DeployIdentity, kind: 'reads' | 'writes') =>
    grants.some((grant) => {
      const holders = kind === 'reads' ? (grant.readers ?? deployIdentities) : grant.writers;
      return grant.for.some((one) => one === type) && grant[kind].length > 0 && holders.includes(identity);
    });
  return [
    ...[...all].flatMap((type) => (granted(type, 'plan', 'reads') ? [] : [`${type}: plan can't read it`])),
    ...[...managed.service]
      .filter((type) => !isLookUp(type))
      .flatMap((type) =>
        deployers.flatMap((identity) =>
          granted(type, identity, 'writes') ? [] : [`${type}: ${identity} can't make it`],
        ),
      ),
    ...[...managed.foundation]
      .filter((type) => !managed.service.has(type))
      .flatMap((type) =>
        deployIdentities.flatMap((identity) =>
          granted(type, identity, 'writes') ? [`${type}: ${identity} could change a foundation`] : [],
        ),
      ),
    ...grants
      .flatMap((grant) => grant.for)
      .filter((one) => one.includes(':') && !all.has(one))
      .map((type) => `${type}: granted, and no code makes it`),
  ].sort();
}

describe('every managed resource has its grants, and every grant its resource', () => {
  it.each(clouds)('%s', async (cloud) => {
    const managed = await managedTypes(cloud);
    expect(managed.service.size).toBeGreaterThan(4);
    expect(managed.foundation.size).toBeGreaterThan(3);
    expect(gaps(managed, lists[cloud])).toEqual([]);
  });

  it.each(clouds)('%s: publishing, proving, numbers, logs and state, for every identity', (cloud) => {
    for (const purpose of purposes) {
      const serving = lists[cloud].filter((grant) => grant.for.includes(purpose));
      for (const identity of deployIdentities) {
        expect(
          serving.flatMap((grant) => actionsOf(grant, identity)),
          `${purpose}: ${identity}`,
        ).not.toEqual([]);
      }
    }
  });

  it('sees a resource without a grant, a grant without a resource, and one that reaches into a foundation', () => {
    const grant = (type: Grant['for'][number], writers = deployers): Grant => {
      return { for: [type], reads: ['x:Get'], writes: ['x:Put'], writers, source: '' };
    };
    const managed = (service: string[], foundation: string[]) => ({
      service: new Set(service),
      foundation: new Set(foundation),
    });
    expect(gaps(managed(['a:b:C'], []), [grant('a:b:C')])).toEqual([]);
    expect(gaps(managed(['a:b:C'], []), [])).toHaveLength(3);
    expect(gaps(managed(['a:b:C'], []), [grant('a:b:C', ['deploy-dev'])])).toEqual([
      "a:b:C: deploy-prod can't make it",
    ]);
    expect(gaps(managed([], []), [grant('a:b:C')])).toEqual(['a:b:C: granted, and no code makes it']);
    expect(gaps(managed([], ['a:b:C']), [grant('a:b:C', ['deploy-dev'])])).toEqual([
      'a:b:C: deploy-dev could change a foundation',
    ]);
  });

  it('types come from values that are imported, by the name the provider knows', () => {
    const text = [
      `import { IAMMember as Member } from '@pulumi/gcp/projects/iammember.js';`,
      `import type { Bucket } from '@pulumi/aws/s3/bucket.js';`,
      `import { WebApp, type WebAppArgs } from '@pulumi/azure-native/web/webApp.js';`,
      `import { getCallerIdentityOutput } from '@pulumi/aws/getCallerIdentity.js';`,
      `import { Provider } from '@pulumi/aws/provider.js';`,
      `import { allow } from './role.ts';`,
    ].join('\n');
    expect(importsOf('infra/clouds/x/y.ts', text)).toEqual({
      types: [
        'gcp:projects/iAMMember:IAMMember',
        'azure-native:web:WebApp',
        'aws:index/getCallerIdentity:getCallerIdentity',
      ],
      files: ['infra/clouds/x/role.ts'],
    });
  });
});

describe('what the code asks vendors for by itself', () => {
  it.each(clouds)('%s: each right it says it needs is everybody’s', async (cloud) => {
    const stated = await statedRights(cloud);
    expect(stated.length).toBeGreaterThan(2);
    for (const identity of deployIdentities) {
      const held = actions(cloud, identity).map((action) => action.toLowerCase());
      expect(
        stated.filter((right) => !held.includes(right.toLowerCase())),
        identity,
      ).toEqual([]);
    }
  });

  it('AWS: each command of an SDK is granted to everybody', async () => {
    const asked = await sdkActions();
    expect(asked).toContain('apprunner:DescribeService');
    expect(asked.length).toBeGreaterThan(6);
    for (const identity of deployIdentities) {
      expect(
        asked.filter((action) => !actions('aws', identity).includes(action)),
        identity,
      ).toEqual([]);
    }
  });
});

describe('no identity may do more than is listed', () => {
  const forms = {
    aws: /^[a-z0-9-]+:[A-Z][A-Za-z0-9]+$/,
    gcp: /^[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+$/,
    azure: /^Microsoft\.[A-Za-z]+(\/[A-Za-z]+)+\/(read|write|delete|action)$/,
  };
  const cells = clouds.flatMap((cloud) => deployIdentities.map((identity) => [cloud, identity] as const));

  it.each(cells)('%s, %s: named actions only, without a wildcard', (cloud, identity) => {
    const all = actions(cloud, identity);
    expect(all.length).toBeGreaterThan(10);
    expect(all.filter((action) => !forms[cloud].test(action))).toEqual([]);
  });

  // What shows something and changes nothing, by name; AWS's own list of what reads is asked in aws/grants.test.ts.
  const reading = {
    aws: /:(BatchCheck|BatchGet|Describe|Filter|Get|List)[A-Za-z]+$/,
    gcp: /\.(access|downloadArtifacts|get|getIamPolicy|list)$/,
    azure: /(\/read|\/containerlogs\/action)$/,
  };
  it.each(clouds)('%s: plan reads', (cloud) => {
    expect(actions(cloud, 'plan').filter((action) => !reading[cloud].test(action))).toEqual([]);
  });

  it.each(clouds)('%s: only dev pushes images, and nobody overwrites or deletes them', (cloud) => {
    const pushes = (identity: DeployIdentity) =>
      actions(cloud, identity).filter((action) => /PutImage$|uploadArtifacts$|\/push\/write$/.test(action));
    expect(deployIdentities.map((identity) => pushes(identity).length)).toEqual([1, 0, 0]);
    for (const identity of deployIdentities) {
      expect(
        actions(cloud, identity).filter((action) =>
          /BatchDeleteImage|artifactregistry\..*(delete|update)|registries\/(delete|write|artifacts)/i.test(action),
        ),
      ).toEqual([]);
    }
  });

  it.each(clouds)('%s: nobody changes who is trusted', (cloud) => {
    const trust =
      /OpenIDConnectProvider|CreateUser|CreateAccessKey|iam\.(workloadIdentity\w+|roles|serviceAccountKeys|serviceAccounts\.(setIamPolicy|getAccessToken|signJwt))[a-zA-Z.]*|federatedIdentityCredentials|roleDefinitions/;
    const changing = deployers.flatMap((identity) => actions(cloud, identity)).filter((action) => trust.test(action));
    expect(changing).toEqual([]);
  });

  it('Google Cloud: setting a policy gives one role in the project, those of a service stack on what is in it, and reading secrets reads the own ones', async () => {
    const { expression } = projectCondition('deploy-prod', 'p');
    const [inProject, onResources, secrets] = expression.split(' && ');
    expect(inProject).toBe(
      "(resource.type != 'cloudresourcemanager.googleapis.com/Project' || api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/cloudsql.client']))",
    );
    // What no list has, the deploy account could not give on a real project, and the stack would not come up.
    const given: string[] = [];
    for await (const path of glob('**/*.ts', { cwd: gcpRoot })) {
      if (/^(registry|identities)\.ts$/.test(path)) continue;
      const text = await readFile(`${gcpRoot}${path}`, 'utf8');
      given.push(...[...text.matchAll(/\brole: '(roles\/[^']+)'/g)].map(([, role = '']) => role));
    }
    const allowed = [...(onResources ?? '').matchAll(/'(roles\/[^']+)'/g)].map(([, role]) => role);
    expect([...new Set(given)].sort()).toEqual(allowed.sort());
    expect(secrets).toContain("startsWith('trireme-prod-')");
  });

  it('Google Cloud: no condition has more operators than one may have', () => {
    const conditions = deployIdentities.flatMap((identity) => [
      projectCondition(identity, 'p'),
      ...(['state-bucket', 'state-common'] as const).map((where) => stateCondition(identity, where, 'state')),
    ]);
    // https://cloud.google.com/iam/quotas
    for (const { expression, title } of conditions) {
      expect((expression.match(/&&|\|\||!(?!=)/g) ?? []).length, title).toBeLessThanOrEqual(12);
    }
  });

  it('Azure: a role assignment gives the roles a service stack gives, to service principals', () => {
    for (const role of Object.values(assignableRoles)) expect(assignmentCondition.split(role)).toHaveLength(3);
    expect(assignmentCondition.match(/'ServicePrincipal'/g)).toHaveLength(2);
    expect(assignmentCondition).toContain("ActionMatches{'Microsoft.Authorization/roleAssignments/write'}");
  });

  it.each(clouds)('%s: each grant names a page of the vendor', (cloud) => {
    const host = { aws: 'docs.aws.amazon.com', gcp: 'cloud.google.com', azure: 'learn.microsoft.com' }[cloud];
    for (const { source } of lists[cloud]) expect(new URL(source).host).toBe(host);
  });
});
