import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseStackFile } from '../../config.ts';
import { serviceConfigKeys } from '../../contract/service.ts';

const stacks = fileURLToPath(new URL('../../../stacks/', import.meta.url));
const text = (name: string) => readFile(`${stacks}Pulumi.${name}.yaml`, 'utf8');
const awsDev = await text('aws-dev');
const awsProd = await text('aws-prod');
const awsFoundation = await text('aws-foundation');
const azureDev = await text('azure-dev');
const azureProd = await text('azure-prod');
const gcpDev = await text('gcp-dev');

function faultOf(name: string, file: string): string {
  try {
    parseStackFile(name, file);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'no fault';
}

describe('the stack files of this project', () => {
  it('are all good', async () => {
    const files = (await readdir(stacks)).map((file) => file.slice('Pulumi.'.length, -'.yaml'.length));
    expect(files).toHaveLength(10);
    for (const name of files) expect(faultOf(name, await text(name))).toBe('no fault');
  });

  it('say what a service is', () => {
    expect(parseStackFile('aws-dev', awsDev)).toMatchObject({
      kind: 'service',
      stack: { name: 'aws-dev', cloud: 'aws', environment: 'dev' },
      config: {
        runtime: 'app-runner',
        region: 'eu-west-1',
        cpu: 1,
        memoryMiB: 2048,
        minInstances: 1,
        maxInstances: 2,
        concurrency: 50,
        exposure: 'public',
        protect: false,
        env: {},
        secrets: {},
      },
    });
  });

  it('say where a foundation is', async () => {
    expect(parseStackFile('gcp-foundation', await text('gcp-foundation'))).toMatchObject({
      kind: 'foundation',
      cloud: 'gcp',
      config: { region: 'europe-west1' },
    });
  });

  it('say who guards the repository, and are refused where nobody would', async () => {
    const file = await text('github');
    expect(parseStackFile('github', file)).toMatchObject({
      kind: 'github',
      config: {
        environments: {
          prod: { teams: ['release-managers'], selfReview: false },
          'prod-rollback': { selfReview: true },
        },
      },
    });
    const guarded = '      teams: [release-managers]\n      variables:';
    expect(file).toContain(guarded);
    expect(faultOf('github', file.replace(guarded, '      variables:'))).toContain(
      'environments.prod: expected reviewers',
    );
    expect(faultOf('github', file.replace(guarded, `      selfReview: true\n${guarded}`))).toContain('prod.selfReview');
    expect(faultOf('github', file.replace('prod-plan:', 'production:'))).toContain('production');
    expect(faultOf('github', file.replace('        AWS_REGION', '        GITHUB_REGION'))).toContain('GITHUB_REGION');
  });

  it('have the contract’s keys in the contract’s order', () => {
    const keys = [...awsDev.matchAll(/^ {2}trireme:(\w+):/gm)].map(([, key]) => key);
    expect(keys).toEqual(serviceConfigKeys.filter((key) => keys.includes(key)));
    expect(keys).toEqual(expect.arrayContaining(serviceConfigKeys.slice(0, serviceConfigKeys.indexOf('account'))));
  });
});

describe('a malformed stack file', () => {
  it.each<[string, string, string, RegExp]>([
    [
      'a misspelt key',
      'aws-dev',
      awsDev.replace('memoryMiB', 'memoryMib'),
      /`trireme:memoryMib`: no such key; did you mean `trireme:memoryMiB`\?\n.*: memoryMiB: expected a value; found none/,
    ],
    ['a key of a provider', 'aws-dev', `${awsDev}  aws:region: eu-west-1\n`, /`aws:region`: no such key/],
    ['an image', 'aws-dev', `${awsDev}  trireme:image: nginx\n`, /never names an image/],
    [
      'an image in a variable',
      'aws-dev',
      awsDev.replace('env: {}', `env: {IMAGE: "x@sha256:${'0'.repeat(64)}"}`),
      /env\.IMAGE: a stack file never names an image/,
    ],
    [
      'keys in another order',
      'aws-dev',
      awsDev.replace(/( {2}trireme:cpu: 1\n)( {2}trireme:memoryMiB: 2048\n)/, '$2$1'),
      /: `trireme:cpu`: expected after `trireme:region`; found after `trireme:memoryMiB`$/,
    ],
    [
      'one key at the end, where all others are in order',
      'aws-dev',
      `${awsDev.replace('  trireme:region: eu-west-1\n', '')}  trireme:region: eu-west-1\n`,
      /^\S+: `trireme:region`: expected after `trireme:runtime`; found after `trireme:logRetentionDays`$/,
    ],
    [
      'a key twice',
      'aws-dev',
      `${awsDev}  trireme:cpu: 2\n`,
      /^stacks\/Pulumi\.aws-dev\.yaml: `trireme:cpu`: expected once; found on lines 4 and 14$/,
    ],
    [
      'a nested key twice',
      'aws-dev',
      awsDev.replace('env: {}', 'env: {A: x, A: y}'),
      /: env\.A: expected once; found on lines 11 and 11$/,
    ],
    [
      'a misspelt nested key',
      'aws-prod',
      awsProd.replace('notReadyMinutes', 'notReadyMinute'),
      /^\S+: alarms\.notReadyMinute: no such key; did you mean `notReadyMinutes`\?$/,
    ],
    [
      'a nested key that is like none',
      'aws-prod',
      awsProd.replace('notReadyMinutes: 5', 'pager: 5'),
      /: alarms\.pager: no such key; expected one of errorRatePercent, latencyMilliseconds, notReadyMinutes$/,
    ],
    [
      'a switch for a group of keys',
      'aws-prod',
      awsProd.replace(/alarms: .*/, 'alarms: true'),
      /with values; found true/,
    ],
    [
      'a missing nested key',
      'aws-dev',
      `${awsDev}  trireme:database: {engine: oracle, storageGiB: 20}\n`,
      /: database\.engine: expected one of mysql, postgresql; found "oracle"\n.*: database\.size: expected a value; found none$/,
    ],
    [
      'a label in capitals',
      'aws-dev',
      `${awsDev}  trireme:labels: {Team: x}\n`,
      /: labels\.Team: expected .*; found "Team"$/,
    ],
    [
      'a label of many words',
      'gcp-dev',
      `${gcpDev}  trireme:labels: {team: Machine Learning}\n`,
      /: labels\.team: expected lower-case.*; found `Machine Learning`$/,
    ],
    [
      'a label of the platform',
      'gcp-dev',
      `${gcpDev}  trireme:labels: {project: x}\n`,
      /: labels\.project: expected .*; found `project`$/,
    ],
    [
      'a label too long',
      'aws-dev',
      `${awsDev}  trireme:labels: {team: ${'x'.repeat(64)}}\n`,
      /: labels\.team: expected at most 63 characters; found "x+"$/,
    ],
    [
      'a label with a sign AWS refuses',
      'aws-foundation',
      `${awsFoundation}  trireme:labels: {"cost;centre": x}\n`,
      /: labels\.cost;centre: expected a name of at most 128 letters.*; found `cost;centre`$/,
    ],
    [
      'a label in capitals on Google Cloud',
      'gcp-foundation',
      `config:\n  trireme:region: europe-west1\n  trireme:labels: {CostCenter: x}\n`,
      /: labels\.CostCenter: expected a name of lower-case letters.*; found `CostCenter`$/,
    ],
    [
      'a label too long on Google Cloud',
      'gcp-foundation',
      `config:\n  trireme:region: europe-west1\n  trireme:labels: {team: ${'x'.repeat(64)}}\n`,
      /: labels\.team: expected lower-case letters.*at most 63/,
    ],
    [
      'a label with a sign Azure refuses',
      'azure-foundation',
      `config:\n  trireme:region: westeurope\n  trireme:labels: {cost/centre: x}\n`,
      /: labels\.cost\/centre: expected a name without/,
    ],
    [
      'a label of the platform, whose case Azure does not see',
      'azure-foundation',
      `config:\n  trireme:region: westeurope\n  trireme:labels: {Environment: x}\n`,
      /: labels\.Environment: expected a name that the platform does not use itself; found `Environment`$/,
    ],
    [
      'no address',
      'aws-foundation',
      `${awsFoundation}  trireme:alarmEmail: nobody\n`,
      /: alarmEmail: expected an email address; found "nobody"$/,
    ],
    [
      'more than there may be',
      'aws-dev',
      awsDev.replace('  trireme:logR', '  trireme:cpuTarget: 95\n  trireme:logR'),
      /: cpuTarget: expected at most 90; found 95$/,
    ],
    ['less than there may be', 'aws-dev', awsDev.replace('cpu: 1', 'cpu: 0'), /: cpu: expected more than 0; found 0/],
    ['no value', 'aws-dev', awsDev.replace('cpu: 1', 'cpu:'), /: cpu: expected a number; found nothing$/],
    [
      'a tab',
      'aws-dev',
      awsDev.replace('  trireme:cpu', '\ttrireme:cpu'),
      /^\S+: line 4, column 1: no YAML: tabs are not allowed as indentation$/,
    ],
    ['an anchor that is not there', 'aws-dev', awsDev.replace('cpu: 1', 'cpu: *x'), /: no YAML: unresolved alias/],
    [
      'a runtime of another cloud',
      'aws-dev',
      awsDev.replace('app-runner', 'cloud-run'),
      /runtime: expected one of aws; found cloud-run of gcp/,
    ],
    ['an unknown runtime', 'aws-dev', awsDev.replace('app-runner', 'lambda'), /runtime: /],
    ['text for a number', 'aws-dev', awsDev.replace('cpu: 1', 'cpu: one'), /cpu: /],
    [
      'fewer instances at most than at least',
      'gcp-dev',
      gcpDev.replace('minInstances: 1', 'minInstances: 3'),
      /maxInstances: expected at least minInstances, 3; found 2/,
    ],
    [
      'no instance on a platform that keeps one',
      'aws-dev',
      awsDev.replace('minInstances: 1', 'minInstances: 0'),
      /minInstances: expected at least 1 on App Runner; found 0/,
    ],
    [
      'memory that the cpu does not go with',
      'aws-dev',
      awsDev.replace('2048', '1024'),
      /memoryMiB: expected 2048, 3072, 4096 with 1 vCPU on App Runner; found 1024/,
    ],
    [
      'a fraction of a cpu',
      'gcp-dev',
      gcpDev.replace('cpu: 1', 'cpu: 3'),
      /cpu: expected 1, 2, 4, 6, 8 vCPUs on Cloud Run; found 3/,
    ],
    ['too much memory', 'gcp-dev', gcpDev.replace('1024', '9000'), /memoryMiB: expected 512 to 4096/],
    [
      'too many requests at once',
      'aws-dev',
      awsDev.replace('concurrency: 50', 'concurrency: 500'),
      /concurrency: expected at most 200 on App Runner; found 500/,
    ],
    [
      'a plan without slots in prod',
      'azure-prod',
      azureProd.replace('4096', '1792'),
      /cpu and memoryMiB: expected 1 and 4096 \(P0v3\).* on App Service with a slot; found 1 and 1792/,
    ],
    [
      'a plan that should grow',
      'azure-dev',
      azureDev.replace('maxInstances: 1', 'maxInstances: 5'),
      /maxInstances: expected 1, as minInstances: a Basic plan \(B1\) has a fixed capacity; found 5/,
    ],
    [
      'a variable of the platform',
      'aws-dev',
      awsDev.replace('env: {}', 'env: {PORT: "80"}'),
      /PORT: expected a variable of the service's own; the platform sets/,
    ],
    [
      'a variable of the release',
      'aws-dev',
      awsDev.replace('env: {}', 'env: {RELEASE_ID: x}'),
      /the release sets this one/,
    ],
    [
      'a number as a variable',
      'aws-dev',
      awsDev.replace('env: {}', 'env: {LIMIT: 8}'),
      /env\.LIMIT: expected text, so in quotes; found 8$/,
    ],
    ['a lower-case variable', 'aws-dev', awsDev.replace('env: {}', 'env: {limit: x}'), /env\.limit: /],
    [
      'a variable twice',
      'gcp-dev',
      gcpDev.replace('env: {}', 'env: {TOKEN: x}').replace('secrets: {}', 'secrets: {TOKEN: name}'),
      /TOKEN: expected it in env or in secrets; found in both/,
    ],
    [
      'a secret that is no ARN',
      'aws-dev',
      awsDev.replace('secrets: {}', 'secrets: {TOKEN: name}'),
      /secrets\.TOKEN: expected the ARN/,
    ],
    [
      'another key at the top',
      'aws-dev',
      `${awsDev}environment: x\n`,
      /`environment`: no such key at the top; expected only `config`/,
    ],
    ['no configuration', 'aws-dev', '{}', /expected `config:`/],
    ['no YAML', 'aws-dev', 'config: [', /Pulumi\.aws-dev\.yaml: /],
    [
      'a service’s key in a foundation',
      'gcp-foundation',
      gcpDev,
      /`trireme:runtime`: no such key; expected one of region/,
    ],
  ])('%s', (_what, name, file, fault) => expect(faultOf(name, file)).toMatch(fault));

  it('has every fault in one message', () => {
    const fault = faultOf('aws-dev', awsDev.replace('cpu: 1', 'cpu: one').replace('protect: false', 'protect: maybe'));
    expect(fault).toBe(
      'stacks/Pulumi.aws-dev.yaml: cpu: expected a number; found "one"\nstacks/Pulumi.aws-dev.yaml: protect: expected true or false; found "maybe"',
    );
  });

  it('is told apart from a stack that there is not', () => {
    expect(() => parseStackFile('aws-prd', awsDev)).toThrow(expect.objectContaining({ code: 'unknown-stack' }));
  });

  it('may hold what the engine notes about its secrets', () => {
    expect(faultOf('aws-dev', `${awsDev}encryptionsalt: v1:x\n`)).toBe('no fault');
  });
});

describe('labels of a foundation', () => {
  it.each([
    ['aws', '{CostCenter: "Wine + Co", "team:name": x}'],
    ['azure', '{CostCenter: "a;b", "cost centre": x}'],
    ['gcp', '{cost_center: x, équipe: vin}'],
  ] as const)('are what its cloud takes: %s %s', (cloud, labels) => {
    const text = `config:\n  trireme:region: somewhere\n  trireme:labels: ${labels}\n`;
    expect(parseStackFile(`${cloud}-foundation`, text)).toMatchObject({
      kind: 'foundation',
      config: { labels: parse(labels) },
    });
  });
});
