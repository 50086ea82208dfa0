import { describe, expect, it } from 'vitest';
import { apisOf } from '../../../clouds/gcp/apis.ts';
import { projectsOf } from '../../../clouds/gcp/foundation.ts';
import { homesOf } from '../../../clouds/gcp/identities.ts';
import { roleId, targetsOf } from '../../../clouds/gcp/identity-rights.ts';
import { deployIdentities, type FoundationConfig } from '../../../contract/service.ts';

type Accounts = FoundationConfig['accounts'];

describe('the projects of a foundation', () => {
  const cases: readonly [Accounts, ReturnType<typeof projectsOf>][] = [
    [{}, []],
    [{ prod: 'p' }, [{ project: 'p', environments: ['prod'] }]],
    [{ dev: 'one', prod: 'one' }, [{ project: 'one', environments: ['dev', 'prod'] }]],
    [
      { dev: 'd', prod: 'p' },
      [
        { project: 'd', environments: ['dev'] },
        { project: 'p', environments: ['prod'] },
      ],
    ],
  ];
  it.each(cases)('beside its own: %j', (accounts, expected) => {
    expect(projectsOf({ accounts })).toEqual(expected);
  });

  const apis: readonly [Parameters<typeof apisOf>[0], readonly string[], readonly string[]][] = [
    [{ foundation: true, services: true, trust: false }, ['artifactregistry', 'run', 'sqladmin'], ['sts']],
    [{ foundation: true, services: false, trust: true }, ['artifactregistry', 'iamcredentials', 'sts'], ['run']],
    [{ foundation: false, services: true, trust: false }, ['monitoring', 'run'], ['artifactregistry', 'sts']],
  ];
  it.each(apis)('have the APIs on that they need: %j', (role, on, off) => {
    const names = apisOf(role);
    expect(names).toEqual([...new Set(names)].sort());
    expect(names).toEqual(expect.arrayContaining([...on]));
    for (const name of off) expect(names).not.toContain(name);
  });
});

describe('deploy identities', () => {
  const cases: readonly [Parameters<typeof targetsOf>[0], Accounts, readonly (string | undefined)[]][] = [
    ['deploy-dev', {}, [undefined]],
    ['deploy-dev', { prod: 'p' }, [undefined]],
    ['deploy-prod', { prod: 'p' }, ['p']],
    ['plan', {}, [undefined]],
    ['plan', { prod: 'p' }, [undefined, 'p']],
    ['plan', { dev: 'one', prod: 'one' }, ['one']],
    ['plan', { dev: 'd', prod: 'p' }, ['d', 'p']],
  ];
  it.each(cases)('have rights where they deploy and nowhere else: %s with %j', (identity, accounts, expected) => {
    const targets = targetsOf(identity, { accounts });
    expect(targets.map(({ target }) => target)).toEqual(expected);
    expect(new Set(targets.map(({ suffix }) => suffix)).size).toBe(targets.length);
  });

  const homes: readonly [Accounts, readonly (readonly (string | undefined)[])[]][] = [
    [{}, [[undefined, 'deploy-dev', 'deploy-prod', 'plan']]],
    [
      { prod: 'p' },
      [
        [undefined, 'deploy-dev'],
        ['p', 'deploy-prod', 'plan'],
      ],
    ],
    [
      { dev: 'd' },
      [
        ['d', 'deploy-dev'],
        [undefined, 'deploy-prod', 'plan'],
      ],
    ],
    [{ dev: 'one', prod: 'one' }, [['one', 'deploy-dev', 'deploy-prod', 'plan']]],
    [
      { dev: 'd', prod: 'p' },
      [
        ['d', 'deploy-dev'],
        ['p', 'deploy-prod', 'plan'],
      ],
    ],
  ];
  it.each(homes)('live in the project they deploy to: %j', (accounts, expected) => {
    const found = homesOf({ accounts });
    expect(found.map(({ target, identities }) => [target, ...identities])).toEqual(expected);
    expect(new Set(found.map(({ suffix }) => suffix)).size).toBe(found.length);
    expect(found.filter(({ target, suffix }) => (target === undefined) !== (suffix === ''))).toEqual([]);
  });

  it('have roles whose ids the vendor takes, one each', () => {
    const ids = deployIdentities.flatMap((identity) =>
      (['project', 'runtime-account', 'repository', 'state-bucket', 'state-common'] as const).map((where) =>
        roleId(identity, where),
      ),
    );
    expect(new Set(ids).size).toBe(15);
    for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_.]{3,64}$/);
  });
});
