// The live check, rehearsed: on the real engine, over emulated clouds whose every request and answer is judged by the vendor's published model.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LiveCheck, runLiveCheck, throwawayStack } from '../../../cli/live-check/check.ts';
import { questionsOf } from '../../../cli/live-check/questions.ts';
import { redaction } from '../../../cli/live-check/redaction.ts';
import { type Exchange, isExchange, Transcript, writtenOut } from '../../../cli/live-check/transcript.ts';
import { listenToHttp } from '../../../cli/live-check/wire.ts';
import { provers } from '../../../clouds/index.ts';
import {
  clock,
  digestOfDigit,
  type EmulatedClouds,
  emulatedClouds,
  good,
  neverReady,
  release,
} from '../../clouds/emulated-clouds.ts';
import { Checked } from '../../published/checked.ts';
import { installationMilliseconds } from '../../pulumi/tiny-deployer.ts';

const stacks = fileURLToPath(new URL('../../../../stacks/', import.meta.url));
let clouds: EmulatedClouds;
let transcript: Transcript;
let forgotten: number;

beforeAll(async () => {
  const names = ['gcp-foundation', 'gcp-dev'];
  const texts = names.map(async (name) => [name, await readFile(join(stacks, `Pulumi.${name}.yaml`), 'utf8')]);
  clouds = await emulatedClouds(Object.fromEntries(await Promise.all(texts)));
  await clouds.deployer.foundation('gcp');
}, installationMilliseconds);
afterAll(() => clouds?.stop());
beforeEach(() => {
  transcript = new Transcript(clock.now);
  forgotten = 0;
});

const stack = throwawayStack('gcp', 'a1b2c3');

function check(signal = new AbortController().signal): LiveCheck {
  return {
    stack,
    deployer: clouds.deployer,
    prover: clouds.provers['cloud-run'],
    logs: { read: async () => [] },
    manifest: release(good),
    fetch,
    clock,
    transcript,
    report: () => {},
    signal,
    publishBroken: async () => digestOfDigit(neverReady),
    forget: async () => void forgotten++,
  };
}

/** Takes the `fetch` there is now. */
function newProver() {
  return provers({ variables: clouds.plain.variables, clock, timeScale: 200 })['cloud-run'];
}

/** The control plane has no such service. */
async function expectNothingLeft(): Promise<void> {
  const base = clouds.plain.variables.CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN;
  const answer = await fetch(
    `${base}v2/projects/trireme-emulated/locations/europe-west1/services/trireme-check-a1b2c3`,
  );
  expect(answer.status).toBe(404);
  expect(await clouds.deployer.deployed(stack)).toBeUndefined();
}

describe('a live check', () => {
  it('deploys, breaks, rolls back, destroys, answers, and writes what can become a fixture', async () => {
    const api = new URL(clouds.plain.variables.CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN ?? '').host;
    const silence = listenToHttp(
      (host) => host === api,
      (exchange) => transcript.exchange(exchange),
    );
    const { evidence, faults, left } = await runLiveCheck({ ...check(), prover: newProver() }).finally(silence);
    expect({ faults, left, forgotten }).toEqual({ faults: [], left: undefined, forgotten: 1 });
    await expectNothingLeft();

    const answers = Object.fromEntries(questionsOf('cloud-run').map(({ id, answer }) => [id, answer(evidence)]));
    expect(answers['cloud-run-not-ready']).toMatch(/^CONDITION_FAILED .*; ready is trireme-check-a1b2c3-00001/);
    expect(answers['body-limit']).toContain('1 MiB: ');

    const redact = redaction({ secrets: [], names: ['trireme-emulated'] });
    const written = writtenOut(transcript.entries, redact);
    expect(written).not.toContain('trireme-emulated');
    const exchanges = written
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(isExchange);
    expect(new Set(exchanges.map(({ stage }) => stage))).toEqual(new Set(['deploy', 'break', 'roll back']));
    await expectPublished(exchanges);
  });

  it('that is interrupted destroys what it made before it ends', async () => {
    const controller = new AbortController();
    const running = runLiveCheck({
      ...check(controller.signal),
      fetch: async () => {
        controller.abort();
        throw new Error('stopped');
      },
    });
    await expect(running).rejects.toMatchObject({ code: 'interrupted', message: expect.stringContaining('destroyed') });
    await expectNothingLeft();
  });

  it('also destroys what the cloud made and the provider did not wait for', async () => {
    clouds.refuse({ cloud: 'gcp', why: 'time-out', type: 'cloudrunv2/service:Service' });
    const running = runLiveCheck({ ...check(), publishBroken: async () => Promise.reject(new Error('not reached')) });
    const { faults, left } = await running.finally(() => clouds.refuse());
    expect(faults).toEqual([expect.stringMatching(/^deploy: .*did not finish in time/)]);
    expect(left).toBeUndefined();
    await expectNothingLeft();
  });

  it('says what could not be destroyed, and how it is tried again', async () => {
    const deployer = { ...clouds.deployer, destroy: async () => Promise.reject(new Error('service: in use')) };
    clouds.refuse({ cloud: 'gcp', why: 'missing-permission', type: ':Account' });
    const { faults, left } = await runLiveCheck({ ...check(), deployer });
    clouds.refuse();
    expect(left).toBe('not everything of gcp-check-a1b2c3 could be destroyed: service: in use');
    expect(faults).toEqual([expect.stringMatching(/^deploy: .*lacks a right/)]);
    await clouds.deployer.destroy(stack);
  });
});

/** Replays them to the judge of the emulator's own control plane. @throws Error that names every fault. */
async function expectPublished(exchanges: readonly Exchange[]): Promise<void> {
  const checked = new Checked();
  for (const { method, path, request, status, answer } of exchanges) {
    const headers = { 'content-type': 'application/json' };
    const judged = checked.rest(['gcp-run'], async () => ({ status, headers, body: JSON.stringify(answer) }));
    const body = Buffer.from(request === undefined ? '' : JSON.stringify(request));
    await judged({ method, url: path, headers, body });
  }
  checked.assert();
}
