import { describe, expect, test } from 'vitest';
import { inspectMachine, type Probe, systemProbe } from '../../../cli/doctor/machine.ts';

const tools: Readonly<Record<string, string>> = {
  git: 'git version 2.39.5',
  pulumi: 'v3.259.0',
  podman: 'podman version 4.3.1',
  ssh: 'OpenSSH_9.2p1',
};
const probeOf =
  (found: Readonly<Record<string, string | undefined>>): Probe =>
  async (program) =>
    found[program];
const at = { checkout: '/nowhere', shell: {} };
const outcomes = async (node: string, change: Readonly<Record<string, string | undefined>> = {}) =>
  Object.fromEntries(
    (await inspectMachine(at, node, probeOf({ ...tools, ...change }))).map(({ subject, outcome }) => [
      subject,
      outcome,
    ]),
  );

describe('this machine', () => {
  test('has what the verbs start', async () => {
    expect(Object.values(await outcomes('v24.21.0'))).toEqual(['good', 'good', 'good', 'good', 'good']);
  });

  test.each([
    ['node', 'v20.1.0', {}, 'fault'],
    ['git', 'v24.0.0', { git: 'git version 2.25.1' }, 'fault'],
    ['git', 'v24.0.0', { git: undefined }, 'fault'],
    ['Pulumi CLI', 'v24.0.0', { pulumi: 'v2.9.0' }, 'fault'],
    ['Pulumi CLI', 'v24.0.0', { pulumi: undefined }, 'note'],
    ['container engine', 'v24.0.0', { podman: undefined }, 'note'],
    ['OpenSSH', 'v24.0.0', { ssh: undefined }, 'note'],
  ])('%s, Node %s, %o: %s', async (subject, node, change, outcome) => {
    expect((await outcomes(node, change))[subject]).toBe(outcome);
  });

  test('a program that is not there, or fails, is not found', async () => {
    const probe = systemProbe({ shell: { PATH: process.env.PATH } });
    expect(await probe('git', '--version')).toMatch(/^git version/);
    expect(await probe('git', '--nonsense')).toBeUndefined();
    expect(await probe('no-such-program')).toBeUndefined();
  });
});
