// `promote --finalise` as the last job of promote.yml runs it, after a review on the emulated GitHub said no.
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import type { NewFact } from '../../contract/fact.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { enterEnvironment, review, startRun } from '../../emulator/github/runs.ts';
import type { Run } from '../../emulator/github/state.ts';
import { openLedger } from '../../ledger/git.ts';
import { policyText, World } from '../delivery/world.ts';
import { type SampleGithub, sampleGithub } from '../emulator/github/sample.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
let checkout: string;
let github: SampleGithub;
let run: Run;
let promotion: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'trireme-refused-'));
  await cp(join(project, 'stacks'), join(checkout, 'stacks'), { recursive: true });
  await writeFile(join(checkout, 'policy.yaml'), policyText);
  const world = new World();
  world.nowMs = Date.now() - 3_600_000;
  const manifest = await world.release();
  await deployRelease(world.delivery(), manifest, 'dev');
  promotion = (await preparePromotion(world.delivery(), manifest, 'prod')).promotion.body.promotion;
  const contents = world.facts.map(
    ({ schema: _schema, id: _id, previous: _previous, chain: _chain, ...content }): NewFact => content,
  );
  await (await ledger()).append(() => contents);

  github = await sampleGithub();
  await github.ask('ada', 'PUT', 'environments/prod', {
    reviewers: [{ type: 'User', id: github.state.people.get('rita')?.id ?? 0 }],
    deployment_branch_policy: null,
  });
  run = await startRun(github.state, github.repository, { workflow: 'promote.yml', actor: 'alice' });
  enterEnvironment(github.state, github.repository, run, 'prod');
});
afterEach(async () => {
  await github.stop();
  await rm(checkout, { recursive: true, force: true });
});

const ledger = () =>
  openLedger({ repository: join(checkout, '.trireme', 'ledger.git'), cache: join(checkout, 'reader') });

/** As a step of the run. */
async function finalise(runId = String(run.id)) {
  let talk = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    talk += String(text);
    return true;
  });
  const shell = {
    PATH: process.env.PATH,
    HOME: checkout,
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'alice',
    GITHUB_REPOSITORY: 'acme/trireme',
    GITHUB_RUN_ID: runId,
    GITHUB_TOKEN: `actions:${run.id}`,
    GITHUB_API_URL: github.url,
  };
  try {
    return { code: await main(['promote', '--finalise', promotion], { checkout, shell }), talk };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const last = async () => (await (await ledger()).facts()).at(-1);

test('rejected: the ledger says by whom and why', async () => {
  const no = { state: 'rejected', user: 'rita', comment: 'not today', environments: ['prod'] } as const;
  review(github.state, github.repository, run, no);
  const { code, talk } = await finalise();
  expect(talk).toContain('was refused, nothing was touched: rita rejected it on GitHub: not today');
  expect(code).toBe(3);
  expect(await last()).toMatchObject({
    kind: 'promotion',
    actor: { login: 'rita', via: 'github' },
    body: { promotion, state: 'refused' },
  });
});

test('GitHub does not tell: it still waits, and that is said', async () => {
  const { code, talk } = await finalise('1');
  expect(talk).toContain('whether somebody rejected this run is not known');
  expect(code).toBe(4);
  expect(await last()).toMatchObject({ kind: 'promotion', body: { promotion, state: 'prepared' } });
});
