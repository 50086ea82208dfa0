// A release reads what real clouds' foundations gave and leaves them as they are; emulated ones it brings up.
import { describe, expect, test } from 'vitest';
import { repositoriesOf } from '../../cli/foundations.ts';
import { DeliveryError } from '../../contract/errors.ts';
import type { PlanChange } from '../../contract/plan.ts';
import type { Deployer } from '../../contract/ports.ts';
import { type Cloud, clouds } from '../../contract/stack.ts';

interface Asked {
  readonly there?: readonly Cloud[];
  readonly changes?: readonly PlanChange[];
  readonly unreadable?: DeliveryError;
  readonly emulated?: boolean;
}

const update: PlanChange = {
  urn: 'urn:pulumi:aws-foundation::trireme::aws:ecr/repository:Repository::repository',
  type: 'aws:ecr/repository:Repository',
  name: 'repository',
  operation: 'update',
  paths: ['tags'],
};

async function ask({ there = clouds, changes = [], unreadable, emulated = false }: Asked, wanted: readonly Cloud[]) {
  const said: string[] = [];
  const broughtUp: Cloud[] = [];
  const outputs = (cloud: Cloud) => ({ repository: `${cloud}.test/trireme`, pullIdentity: '', details: {} });
  const deployer: Pick<Deployer, 'foundation' | 'foundationOutputs' | 'previewFoundation'> = {
    foundation: async (cloud) => {
      broughtUp.push(cloud);
      return outputs(cloud);
    },
    foundationOutputs: async (cloud) => (there.includes(cloud) ? outputs(cloud) : undefined),
    previewFoundation: async (cloud) => {
      if (unreadable !== undefined) throw unreadable;
      return { stack: `${cloud}-foundation`, fingerprint: '', changes: [...changes] };
    },
  };
  const report = ({ stack = '', message }: { stack?: string; message: string }) => said.push(`${stack}: ${message}`);
  const found = await repositoriesOf({ report }, { deployer: deployer as Deployer, emulated }, wanted).catch(
    (error: unknown) => error,
  );
  return { found, said, broughtUp };
}

const repositories = (wanted: readonly Cloud[]) =>
  wanted.map((cloud) => ({ cloud, repository: `${cloud}.test/trireme` }));

describe('real clouds', () => {
  test('what is there is read, and nothing is said or brought up', async () => {
    expect(await ask({}, clouds)).toEqual({ found: repositories(clouds), said: [], broughtUp: [] });
  });

  test('each one that is missing is named, with the command that makes it', async () => {
    const { found, broughtUp } = await ask({ there: ['gcp'] }, clouds);
    expect(broughtUp).toEqual([]);
    expect(found).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('aws-foundation, azure-foundation'),
      hint: expect.stringContaining('npx trireme bootstrap aws; npx trireme bootstrap azure'),
    });
  });

  test('one that is not what its stack file declares is said, and stops nothing', async () => {
    const { found, said } = await ask({ changes: [update] }, ['aws']);
    expect(found).toEqual(repositories(['aws']));
    expect(said).toEqual([expect.stringMatching(/^aws-foundation: .*update repository.*npx trireme bootstrap aws$/)]);
  });

  test('one whose preview the cloud refuses is said, and stops nothing', async () => {
    const { found, said } = await ask({ unreadable: new DeliveryError('errored', 'AccessDenied') }, ['aws']);
    expect(found).toEqual(repositories(['aws']));
    expect(said).toEqual([expect.stringContaining('AccessDenied')]);
  });

  test('an interruption is one', async () => {
    const { found } = await ask({ unreadable: new DeliveryError('interrupted', 'Ctrl-C') }, ['aws']);
    expect(found).toMatchObject({ code: 'interrupted' });
  });
});

test('emulated clouds are brought up, there or not', async () => {
  const { found, broughtUp } = await ask({ there: [], emulated: true }, ['gcp']);
  expect(found).toEqual(repositories(['gcp']));
  expect(broughtUp).toEqual(['gcp']);
});
