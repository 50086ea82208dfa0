import { expect, test } from 'vitest';
import type { DeploymentRequest } from '../../contract/ports.ts';
import { Judged } from '../../pulumi/judged.ts';
import { release } from './tiny-deployer.ts';

const asked: DeploymentRequest = { manifest: release(1), stage: 'live' };

test.each<[string, Partial<DeploymentRequest>]>([
  ['another release', { manifest: release(2) }],
  ['another stage', { stage: 'candidate' }],
  ['another stack file', { stackFile: 'config: {}' }],
  ['another live stack file', { liveStackFile: 'config: {}' }],
  ['what is read back first', { readsBack: true }],
])('what was judged says nothing of %s', (_, change) => {
  const judged = new Judged();
  judged.note('gcp-dev', asked, []);
  expect(judged.of('gcp-dev', { ...asked, ...change })).toBeUndefined();
});

test('the same update is judged once, on its stack, until it is done; that it may replace makes it no other', () => {
  const judged = new Judged();
  judged.note('gcp-dev', asked, ['goes']);
  expect(judged.of('gcp-dev', { ...asked, mayReplace: true })).toEqual(['goes']);
  expect(judged.of('aws-dev', asked)).toBeUndefined();
  judged.forget('gcp-dev');
  expect(judged.of('gcp-dev', asked)).toBeUndefined();
});
