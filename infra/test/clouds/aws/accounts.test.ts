import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineEvent, PulumiFn } from '@pulumi/pulumi/automation/index.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entryRole, placesOf, suffixOf } from '../../../clouds/aws/foundation/places.ts';
import { guestStatements } from '../../../clouds/aws/foundation/registry.ts';
import { cloudRegistry } from '../../../clouds/index.ts';
import { foundationConfig, type ReleaseArgs, serviceConfig } from '../../../contract/service.ts';
import { type Diagnostic, diagnosticOf, type Failure, failureOf } from '../../../pulumi/failure.ts';
import { type AttachedClouds, attachedClouds } from '../../emulator/providers/attached-clouds.ts';
import { inlineStack } from '../../emulator/providers/inline-stack.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';

const home = '123456789012';
const other = '210987654321';
const region = 'eu-west-1';

describe('the accounts of environments', () => {
  it.each([
    ['none named', {}, [['dev', 'prod']]],
    ['both named, and home', { dev: home, prod: home }, [['dev', 'prod']]],
    ['prod apart', { prod: other }, [['dev'], ['prod']]],
    ['both apart, together', { dev: other, prod: other }, [[], ['dev', 'prod']]],
    ['each apart', { dev: '111111111111', prod: other }, [[], ['dev'], ['prod']]],
  ])('%s', (_what, accounts, served) => {
    const places = placesOf(accounts, home);
    expect(places.map(({ environments }) => environments)).toEqual(served);
    expect(places.map((place) => place.home)).toEqual(served.map((_one, index) => index === 0));
    expect(places.map(suffixOf)).toEqual(served.map((one, index) => (index === 0 ? '' : `-${one.join('-')}`)));
  });

  it('share the registry: others pull, and only dev’s deploy role pushes', () => {
    const [, prod] = placesOf({ prod: other }, home);
    const [, dev] = placesOf({ dev: other }, home);
    if (prod === undefined || dev === undefined) throw new Error('expected two places each');
    expect(guestStatements(prod)).toHaveLength(1);
    expect(JSON.stringify(guestStatements(prod))).not.toContain('PutImage');
    expect(guestStatements(dev)).toMatchObject([
      { Sid: 'DevPulls', Principal: { AWS: `arn:aws:iam::${other}:root` } },
      { Condition: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${other}:role/trireme-deploy-dev` } } },
    ]);
    expect(placesOf({}, home).flatMap(guestStatements)).toEqual([]);
  });
});

describe('AWS on the real engine', () => {
  let clouds: AttachedClouds;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'trireme-accounts-'));
    clouds = await attachedClouds();
  }, installationMilliseconds);
  afterAll(async () => {
    await clouds?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const stackOf = (name: string, program: PulumiFn) =>
    inlineStack({ name, directory, debugProviders: clouds.debugProviders, program });

  /** What a person is told of an `up` that fails. */
  async function failureOfUp(name: string, program: PulumiFn): Promise<Failure> {
    const stack = await stackOf(name, program);
    const diagnostics: Diagnostic[] = [];
    const onEvent = (event: EngineEvent) => {
      const found = diagnosticOf(event);
      if (found !== undefined) diagnostics.push(found);
    };
    await expect(stack.up({ onEvent })).rejects.toThrow();
    return failureOf({ stack: name, diagnostics, printed: '', interrupted: false });
  }

  const service = (account?: string): PulumiFn =>
    async function program() {
      const provider = await cloudRegistry.aws.provider(region, account);
      const foundation = await cloudRegistry.aws.foundation(foundationConfig.parse({ region }), { provider });
      const { AwsPredictionService } = await import('../../../clouds/aws/app-runner/component.ts');
      const size = { cpu: 1, memoryMiB: 2048, minInstances: 1, maxInstances: 2, concurrency: 50 };
      const plain = { exposure: 'public', protect: false, env: {}, secrets: {} };
      new AwsPredictionService(
        'service',
        {
          stack: { name: 'aws-dev', cloud: 'aws', environment: 'dev' },
          config: serviceConfig.parse({ runtime: 'app-runner', region, ...size, ...plain }),
          foundation,
          release: {
            releaseId: 'rel-1-000000000000',
            imageDigest: 'sha256:1',
            buildId: 'bld-1',
            imageRef: `${home}.dkr.ecr.eu-west-1.amazonaws.com/trireme@sha256:1`,
          } as unknown as ReleaseArgs,
          stage: 'live',
        },
        { provider },
      );
    };

  it('offers ECS Express Mode, in one line, where App Runner takes no new customers', async () => {
    clouds.bench.host.faults.newAccount = ['aws'];
    const failure = await failureOfUp('new-account', service());
    clouds.bench.host.faults.newAccount = [];
    expect(failure).toEqual({
      kind: 'rejected',
      diagnostics: [
        expect.stringMatching(
          /^service: [^\n]*not available to new customers[^\n]*set `runtime: ecs-express` in the stack file\)$/,
        ),
      ],
    });
    await (await stackOf('new-account', service())).destroy();
  });

  it('makes nothing with the credentials of another account than the stack file names', async () => {
    const failure = await failureOfUp('wrong-account', service(other));
    expect(failure).toMatchObject({
      kind: 'error',
      error: {
        code: 'config-invalid',
        message: expect.stringContaining(`AWS account ID not allowed: ${home}`),
        hint: expect.stringContaining('`account`'),
      },
    });
    expect([...clouds.repositories]).toEqual([]);
  });

  it('furnishes another account through the role its organization made there', async () => {
    const config = foundationConfig.parse({
      region,
      accounts: { prod: other },
      github: { owner: 'octo', ownerId: '1', repository: 'wine', repositoryId: '2' },
      alarmEmail: 'oncall@example.org',
    });
    const stack = await stackOf('accounts', async () => {
      const provider = await cloudRegistry.aws.provider(region);
      const { details } = await cloudRegistry.aws.foundation(config, { provider });
      return { details };
    });
    const { outputs } = await stack.up();
    expect(outputs.details?.value).toEqual({
      alarmChannel: `arn:aws:sns:eu-west-1:${home}:trireme-alarms`,
      'alarmChannel.us-east-1': `arn:aws:sns:us-east-1:${home}:trireme-alarms`,
      'permissionsBoundary.dev': `arn:aws:iam::${home}:policy/trireme-dev-boundary`,
      'role.deploy-dev': `arn:aws:iam::${home}:role/trireme-deploy-dev`,
      'pullIdentity.prod': `arn:aws:iam::${other}:role/trireme-pull`,
      'alarmChannel.prod': `arn:aws:sns:eu-west-1:${other}:trireme-alarms`,
      'alarmChannel.us-east-1.prod': `arn:aws:sns:us-east-1:${other}:trireme-alarms`,
      'permissionsBoundary.prod': `arn:aws:iam::${other}:policy/trireme-prod-boundary`,
      'role.deploy-prod': `arn:aws:iam::${other}:role/trireme-deploy-prod`,
      'role.plan': `arn:aws:iam::${other}:role/trireme-plan`,
    });
    expect(JSON.stringify(await stack.exportStack())).toContain(entryRole(other));
    expect((await stack.preview()).changeSummary).toEqual({ same: expect.any(Number) });
    await stack.destroy();
    expect([...clouds.repositories]).toEqual([]);
  });
});
