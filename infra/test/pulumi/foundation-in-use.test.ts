// A foundation and a stack that uses what it gives, over the real engine: what goes while it is in use.
import { AlertPolicy } from '@pulumi/gcp/monitoring/alertPolicy.js';
import { NotificationChannel } from '@pulumi/gcp/monitoring/notificationChannel.js';
import * as pulumi from '@pulumi/pulumi';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseStack } from '../../contract/stack.ts';
import { type PolicyEngine, policyEngine } from '../policy/policy-engine.ts';
import { installationMilliseconds, release } from './tiny-deployer.ts';

let engine: PolicyEngine;
beforeAll(async () => {
  engine = await policyEngine();
}, installationMilliseconds);
afterAll(() => engine.stop());

let isTold = true;
async function program(): Promise<Record<string, unknown>> {
  if (pulumi.getStack() === 'gcp-foundation') {
    const channel = isTold
      ? new NotificationChannel('alarm-channel', { type: 'email', labels: { email_address: 'a@example.org' } })
      : undefined;
    return {
      repository: 'host/trireme',
      pullIdentity: 'nobody',
      details: channel === undefined ? { region: 'r' } : { region: 'r', alarmChannel: channel.name },
    };
  }
  const foundation = new pulumi.StackReference('organization/tests/gcp-foundation');
  const details = (await foundation.getOutputDetails('details')).value as { alarmChannel?: string };
  new AlertPolicy('alarm', {
    displayName: 'alarm',
    combiner: 'OR',
    conditions: [
      {
        displayName: 'c',
        conditionThreshold: {
          filter: 'metric.type="x" AND resource.type="y"',
          comparison: 'COMPARISON_GT',
          duration: '60s',
        },
      },
    ],
    notificationChannels: details.alarmChannel === undefined ? [] : [details.alarmChannel],
  });
  return {
    endpoint: 'http://127.0.0.1/x',
    revision: 'r',
    coordinates: {},
    release: {
      releaseId: 'rel-1-9b9bb2dae2bb',
      imageDigest: 'x',
      buildId: 'b',
      imageRef: 'host/trireme@sha256:0',
    },
  };
}

test('an alarm channel that stacks still use stays until they let go of it, and stops no release; until then it is no drift', async () => {
  const deployer = engine.deployer(program);
  const stack = parseStack('gcp-dev');
  const request = { manifest: release(1), stage: 'live' as const };
  const said: string[] = [];
  const run = { report: ({ message }: { readonly message: string }) => said.push(message) };
  const { details } = await deployer.foundation('gcp');
  await deployer.deploy(stack, request);
  expect(await deployer.drift(stack)).toEqual([]);

  isTold = false;
  expect((await deployer.foundation('gcp', run)).details).toEqual({ region: 'r' });
  expect(said.filter((line) => line.startsWith('not deleted yet: '))).toEqual([
    expect.stringMatching(
      /alarm-channel: something else still uses it: .*\(it stays until nothing uses it: stacks let go/,
    ),
  ]);
  expect(await deployer.drift(stack)).toEqual([
    expect.objectContaining({
      name: 'gcp-foundation',
      kind: 'outdated',
      fields: [{ path: 'details.alarmChannel', declared: details.alarmChannel, found: 'nothing' }],
    }),
  ]);

  await deployer.deploy(stack, request);
  expect(await deployer.drift(stack)).toEqual([]);
  said.length = 0;
  await deployer.foundation('gcp', run);
  expect(said.filter((line) => line.startsWith('not deleted yet: '))).toEqual([]);
  expect((await engine.resources('gcp-foundation')).filter((urn) => urn.endsWith('::alarm-channel'))).toEqual([]);
});
