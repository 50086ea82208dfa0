import { describe, expect, it } from 'vitest';
import { awsFaults } from '../../../clouds/aws/limits.ts';
import { networkOf } from '../../../clouds/aws/network.ts';
import { retentionDays } from '../../../clouds/aws/retention-days.ts';
import { tagsOf } from '../../../clouds/aws/tags.ts';
import { parseStackFile } from '../../../config.ts';
import { serviceConfig } from '../../../contract/service.ts';

const base = {
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
};
const network = {
  vpc: 'vpc-0123456789abcdef0',
  subnets: ['subnet-0123456789abcdef1', 'subnet-0123456789abcdef0'],
  securityGroups: ['sg-01234567'],
};
const database = { engine: 'mysql', size: 'db.t4g.micro', storageGiB: 20 };
const faultsOf = (changes: object) => awsFaults(serviceConfig.parse({ ...base, ...changes }));

describe('what AWS accepts of a stack’s parts', () => {
  it.each<[string, object]>([
    ['nothing but a service', {}],
    ['a database in a network', { network, database }],
    ['an account', { account: '123456789012' }],
    ['labels', { labels: { team: 'Wine + Co' } }],
    ['private, without a check from outside', { exposure: 'private', network }],
    ...retentionDays.map((days): [string, object] => [`${days} days of logs`, { logRetentionDays: days }]),
  ])('takes %s', (_what, changes) => {
    expect(faultsOf(changes)).toEqual([]);
  });

  it.each<[object, RegExp]>([
    [{ account: 'wine-prod' }, /^account: expected an AWS account id, twelve digits; found `wine-prod`$/],
    [{ logRetentionDays: 31 }, /^logRetentionDays: expected one of 1, 3, 5, 7, 14, 30, .*; found 31$/],
    [{ alarms: { notReadyMinutes: 1441 } }, /^alarms\.notReadyMinutes: expected at most 1440 on AWS; found 1441$/],
    [{ exposure: 'private', uptimeCheck: true }, /^uptimeCheck: expected false for private exposure/],
    [{ database }, /^network: expected vpc, subnets and securityGroups, for the database to live in; found none$/],
    [{ network, database: { ...database, size: 'small' } }, /^database\.size: expected a machine of RDS.*`small`$/],
    [{ network, database: { ...database, storageGiB: 10 } }, /^database\.storageGiB: expected at least 20 on AWS/],
    [{ network: { ...network, vpc: 'default' } }, /^network\.vpc: expected an id, vpc-…; found "default"$/],
    [{ network: { ...network, subnets: ['subnet-01234567'] } }, /^network\.subnets: expected two subnets at least/],
    [{ network: { vpc: network.vpc, subnets: network.subnets } }, /^network\.securityGroups: expected .*; found none$/],
    [{ network: { ...network, zone: 'a' } }, /^network: expected only vpc, subnets and securityGroups; found zone$/],
    [
      { objectStore: true, env: { OBJECT_STORE_URL: 's3://x' } },
      /^OBJECT_STORE_URL: expected a variable of the service/,
    ],
    [{ network, database, env: { DATABASE_URL: 'x' } }, /^DATABASE_URL: expected a variable of the service/],
    [{ labels: { environment: 'x' } }, /^labels\.environment: expected a name that neither the platform nor AWS uses/],
    [{ labels: { aws_team: 'x' } }, /^labels\.aws_team: expected a name/],
    [{ labels: { team: 'a;b' } }, /^labels\.team: expected letters, numbers, spaces.*`a;b`$/],
  ])('refuses %j', (changes, words) => {
    expect(faultsOf(changes)).toEqual([expect.stringMatching(words)]);
  });
});

describe('what AWS accepts of a foundation', () => {
  const file = (...lines: string[]) =>
    parseStackFile('aws-foundation', ['config:', '  trireme:region: eu-west-1', ...lines].join('\n'));
  it('is account ids and labels that are nobody’s yet', () => {
    expect(file('  trireme:accounts: {prod: "210987654321"}', '  trireme:labels: {team: wine}')).toMatchObject({
      config: { accounts: { prod: '210987654321' }, labels: { team: 'wine' } },
    });
    expect(() => file('  trireme:accounts: {prod: wine}', '  trireme:labels: {project: x}')).toThrow(
      /accounts\.prod: expected an AWS account id, twelve digits; found `wine`\n.* labels\.project: expected a name/,
    );
  });
});

describe('what is written down', () => {
  it('is in the same order however the stack file has it', () => {
    expect(networkOf({ network })?.subnets).toEqual(['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1']);
    expect(networkOf({ network: {} })).toBeUndefined();
    expect(Object.entries(tagsOf('prod', { zone: 'b', alpha: 'a' }))).toEqual([
      ['alpha', 'a'],
      ['environment', 'prod'],
      ['managed-by', 'pulumi'],
      ['project', 'trireme'],
      ['zone', 'b'],
    ]);
  });
});
