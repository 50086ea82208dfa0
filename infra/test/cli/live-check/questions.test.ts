import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { plainly } from '../../../cli/live-check/open.ts';
import { type Evidence, questions, questionsOf } from '../../../cli/live-check/questions.ts';
import type { Entry } from '../../../cli/live-check/transcript.ts';
import { runtimes, serviceConfig } from '../../../contract/service.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const [good, broken] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`);

function evidence(...entries: readonly Entry[]): Evidence {
  return { entries, good: good ?? '', broken: broken ?? '', probes: {}, logs: [] };
}

function said(target: string, answer: unknown, stage = 'break'): Entry {
  return { at: 1, stage, method: 'POST', host: 'h', path: '/', target, status: 200, answer };
}

function read(path: string, answer: unknown, stage = 'break'): Entry {
  return { at: 1, stage, method: 'GET', host: 'h', path, status: 200, answer };
}

const ecs = 'AmazonEC2ContainerServiceV20141113';
const image = (digest: string | undefined) => ({
  Service: { Status: 'RUNNING', SourceConfiguration: { ImageRepository: { ImageIdentifier: `r/t@${digest}` } } },
});

test.each<[string, readonly Entry[], string]>([
  [
    'app-runner-image-after-roll-back',
    [said('AppRunner.DescribeService', image(good))],
    'the good image, with Status RUNNING',
  ],
  [
    'app-runner-image-after-roll-back',
    [said('AppRunner.DescribeService', image(broken))],
    'the broken image, with Status RUNNING',
  ],
  [
    'app-runner-operations',
    [
      said('AppRunner.ListOperations', {
        OperationSummaryList: [{ Type: 'UPDATE_SERVICE', Status: 'ROLLBACK_SUCCEEDED' }],
      }),
    ],
    'UPDATE_SERVICE ROLLBACK_SUCCEEDED',
  ],
  [
    'ecs-digest',
    [said(`${ecs}.DescribeTasks`, { tasks: [{ containers: [{ imageDigest: good }] }] })],
    'the digest that was deployed',
  ],
  [
    'ecs-digest',
    [said(`${ecs}.DescribeTasks`, { tasks: [{ containers: [{ imageDigest: 'sha256:3' }] }] })],
    'another digest: sha256:3',
  ],
  [
    'ecs-roll-back',
    ['IN_PROGRESS', 'ROLLBACK_SUCCESSFUL'].map((status) =>
      said(`${ecs}.ListServiceDeployments`, { serviceDeployments: [{ status }] }),
    ),
    'IN_PROGRESS, ROLLBACK_SUCCESSFUL',
  ],
  [
    'azure-instance-state',
    ['READY', 'STOPPED'].map((state) =>
      read('/sites/s/instances?api-version=1', { value: [{ properties: { state } }] }),
    ),
    'READY, STOPPED',
  ],
])('%s is read off the wire', (id, entries, answer) => {
  expect(questions.find((one) => one.id === id)?.answer(evidence(...entries))).toBe(answer);
});

test('what a run did not show stays open, for every question', () => {
  for (const { id, answer } of questions) expect(answer(evidence()), id).toBeUndefined();
});

test('every question has a name of its own and a file it matters for; every runtime has questions', () => {
  expect(new Set(questions.map(({ id }) => id)).size).toBe(questions.length);
  for (const { matters } of questions) {
    const [path = ''] = matters.split(' ');
    if (!path.includes('*')) expect(existsSync(join(root, path)), path).toBe(true);
  }
  for (const runtime of runtimes) expect(questionsOf(runtime).length, runtime).toBeGreaterThan(4);
});

test('what outlives the service, or costs, is left out of its settings', () => {
  const settings = {
    runtime: 'cloud-run',
    region: 'europe-west1',
    cpu: 1,
    memoryMiB: 1024,
    minInstances: 1,
    maxInstances: 2,
  };
  const plain = { concurrency: 50, exposure: 'public', protect: true, env: { A: 'b' }, secrets: {} };
  const given = serviceConfig.parse({ ...settings, ...plain, objectStore: true, dashboard: true, uptimeCheck: true });
  expect(plainly(given)).toMatchObject({
    protect: false,
    objectStore: false,
    dashboard: false,
    uptimeCheck: false,
    env: { A: 'b' },
  });
});
