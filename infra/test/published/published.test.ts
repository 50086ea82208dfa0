import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Handler } from '../../emulator/world.ts';
import { Checked } from './checked.ts';
import { modelNames, modelOf, published } from './schema.ts';

const here = (path: string) => new URL(path, import.meta.url);

describe('the checked-in models', () => {
  test('are all known, come from a pinned package, and are small', () => {
    const files = readdirSync(here('models')).filter((one) => one.endsWith('.json'));
    expect(files.sort()).toEqual(modelNames.map((name) => `${name}.json`).sort());
    const pins = readFileSync(here('make/requirements.txt'), 'utf8');
    for (const name of modelNames) {
      const { package: from, version, licence, sha256 } = modelOf(name);
      expect(pins).toContain(`${from}==${version} --hash=sha256:`);
      expect(['Apache-2.0', 'MIT']).toContain(licence);
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    const bytes = files.reduce((sum, one) => sum + readFileSync(here(`models/${one}`)).length, 0);
    expect(bytes).toBeLessThan(450_000);
  });

  test.each(modelNames)('%s: every operation can be judged', (name) => {
    const model = published(name);
    for (const operation of Object.keys(model.operations)) {
      // A body that nobody sends: what matters is that each definition, with its patterns, compiles.
      expect(Array.isArray(model.requestFaults(operation, 7))).toBe(true);
      expect(Array.isArray(model.answerFaults(operation, 7))).toBe(true);
      expect(Array.isArray(model.queryFaults(operation, new URLSearchParams()))).toBe(true);
    }
  });
});

const digest = `sha256:${'0'.repeat(64)}`;
const service = {
  ServiceName: 'trireme-dev',
  SourceConfiguration: {
    AutoDeploymentsEnabled: false,
    AuthenticationConfiguration: { AccessRoleArn: 'arn:aws:iam::123456789012:role/pull' },
    ImageRepository: {
      ImageIdentifier: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme@${digest}`,
      ImageRepositoryType: 'ECR',
    },
  },
  HealthCheckConfiguration: { Protocol: 'HTTP', Path: '/v2/health/ready', Interval: 5 },
};
const run = {
  template: { containers: [{ image: 'europe-west1-docker.pkg.dev/p/r/i' }] },
  ingress: 'INGRESS_TRAFFIC_ALL',
};
const site = {
  location: 'westeurope',
  kind: 'app,linux,container',
  properties: { siteConfig: { minTlsVersion: '1.2' } },
};
const autoscale = {
  location: 'westeurope',
  properties: {
    enabled: true,
    profiles: [{ name: 'load', capacity: { minimum: '1', maximum: '3', default: '1' }, rules: [] }],
  },
};

describe('what the vendors would refuse is found, with its path', () => {
  const apprunner = (body: unknown) => published('aws-apprunner').requestFaults('CreateService', body);
  const cloudRun = (body: unknown) => published('gcp-run').requestFaults('projects.locations.services.create', body);
  const web = (body: unknown) => published('azure-web').requestFaults('site.create_or_update', body);
  const monitor = (body: unknown) =>
    published('azure-monitor').requestFaults('autoscale_settings.create_or_update', body);

  test('and what they take is not', () => {
    expect([apprunner(service), cloudRun(run), web(site), monitor(autoscale)].flat()).toEqual([]);
  });

  test.each([
    [
      'an enum of AWS',
      apprunner({ ...service, HealthCheckConfiguration: { Protocol: 'HTTPS' } }),
      '/HealthCheckConfiguration/Protocol',
    ],
    ['a number of AWS', apprunner({ ...service, HealthCheckConfiguration: { Interval: 21 } }), '<= 20; found 21'],
    ['a name of AWS', apprunner({ ...service, ServiceName: 'a b' }), '/ServiceName must match pattern'],
    [
      'a member missing at AWS',
      apprunner({ ServiceName: 'trireme' }),
      "must have required property 'SourceConfiguration'",
    ],
    ['an unknown member at AWS', apprunner({ ...service, Colour: 'red' }), '(Colour)'],
    ['an enum of Google', cloudRun({ ...run, ingress: 'ALL' }), '/ingress must be equal to one of'],
    ['a member missing at Google', cloudRun({}), "must have required property 'template'"],
    [
      'a number of Google',
      cloudRun({ template: { maxInstanceRequestConcurrency: 2 ** 31 } }),
      '/template/maxInstanceRequestConcurrency',
    ],
    ['a duration of Google', cloudRun({ template: { timeout: '5 minutes' } }), '/template/timeout must match pattern'],
    ['what only Google sets', cloudRun({ ...run, uid: '1' }), '(uid)'],
    [
      'an enum of Azure',
      web({ ...site, properties: { siteConfig: { minTlsVersion: '2' } } }),
      '/properties/siteConfig/minTlsVersion',
    ],
    ['a member missing at Azure', web({ kind: 'app' }), "must have required property 'location'"],
    ['what only Azure sets', web({ ...site, properties: { state: 'Running' } }), '(state)'],
    [
      'a number where Azure wants a text',
      monitor({
        ...autoscale,
        properties: { profiles: [{ name: 'load', rules: [], capacity: { minimum: 1, maximum: '3', default: '1' } }] },
      }),
      '/capacity/minimum must be string; found 1',
    ],
    [
      'a query parameter nobody knows',
      published('gcp-run').queryFaults('projects.locations.services.create', new URLSearchParams('serviceID=x')),
      '(serviceID)',
    ],
  ])('%s', (_what, faults, words) => {
    expect(faults.join('\n')).toContain(words);
  });
});

describe('a checked control plane', () => {
  const body = (value: unknown) => Buffer.from(JSON.stringify(value));
  const answering =
    (status: number, value: unknown): Handler =>
    async () => ({
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(value),
    });
  const describeService = {
    method: 'POST',
    url: '/',
    headers: { 'x-amz-target': 'AppRunner.DescribeService' },
    body: body({ ServiceArn: 'x' }),
  };

  test('says which member of an answer is a lie, and remembers it', async () => {
    const checked = new Checked();
    const handler = checked.aws('aws-apprunner', answering(200, { Service: { Status: 'FINE' } }));
    await expect(
      handler({
        ...describeService,
        body: body({ ServiceArn: `arn:aws:apprunner:eu-west-1:123456789012:service/a/${'0'.repeat(32)}` }),
      }),
    ).rejects.toThrow('DescribeService, answered 200: /Service/Status must be equal to one of the allowed values');
    expect(() => checked.assert()).toThrow("/Service must have required property 'ServiceName'");
  });

  test('lets a bad request be refused, in words the vendor publishes, and never be accepted', async () => {
    const checked = new Checked();
    const refused = answering(400, { __type: 'InvalidRequestException', Message: 'no' });
    expect((await checked.aws('aws-apprunner', refused)(describeService)).status).toBe(400);
    checked.assert();
    const misnamed = answering(400, { __type: 'NotGoodException', Message: 'no' });
    await expect(checked.aws('aws-apprunner', misnamed)(describeService)).rejects.toThrow(
      '/__type is NotGoodException',
    );
    await expect(checked.aws('aws-apprunner', answering(200, {}))(describeService)).rejects.toThrow(
      'sent and accepted: /ServiceArn',
    );
  });

  test('finds an operation by method and path, and none where the vendor has none', async () => {
    const checked = new Checked();
    const place = '/v2/projects/p/locations/l/services/s';
    const get = (url: string) => ({ method: 'GET', url, headers: {}, body: Buffer.from('') });
    const found = checked.rest(['gcp-run'], answering(200, { generation: 1 }));
    await expect(found(get(place))).rejects.toThrow(
      'projects.locations.services.get, answered 200: /generation must be string',
    );
    await expect(found(get(`${place}/health`))).rejects.toThrow('no published operation');
    await expect(checked.rest(['gcp-run'], answering(404, { error: { message: 'no' } }))(get(place))).rejects.toThrow(
      '/error/code',
    );
  });
});
