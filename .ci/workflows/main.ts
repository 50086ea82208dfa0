// Runs the workflows themselves: release, promote and rollback by act, against the emulated GitHub and emulated clouds, through what a
// reviewer and the clouds can do to them. Called by .ci/run. Prints a line for each thing seen; the first that is not as expected ends it.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import type { Fact } from '../../infra/contract/fact.ts';
import { arrange } from '../../infra/emulator/github/arrange.ts';
import { startGithub } from '../../infra/emulator/github/github.ts';
import { review } from '../../infra/emulator/github/runs.ts';
import type { Repository, Run } from '../../infra/emulator/github/state.ts';
import { openLedger } from '../../infra/ledger/git.ts';
import { author, type Checkout, createCheckout } from '../../infra/rehearsal/checkout.ts';
import { type ActWorld, startAct } from './act.ts';
import { writeStandIns } from './stand-ins.ts';

const execute = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const clouds = ['aws', 'gcp'] as const;
const name = 'acme/wine';
const patienceMs = 300_000;
/** One file for each run; they stay, to be read when something was not as expected. */
const logs = join(project, '.trireme', 'ci', 'workflows');

const work = await mkdtemp(join(tmpdir(), 'trireme-workflows-'));
const github = await startGithub();

interface World extends ActWorld {
  readonly checkout: Checkout;
  readonly repository: Repository;
}

async function tell(world: World): Promise<void> {
  const r1 = await release(world, 'R1');
  const first = await promotionOf(world, r1);
  seen(`release.yml: ${r1} is proven in dev on ${clouds.join(' and ')}, and promote.yml waits for a review`);
  expectThat(
    (await liveIn(world, 'prod')).size === 0,
    'nothing in prod before the review',
    await liveIn(world, 'prod'),
  );
  approve(world, first.run, 'prod');
  expectThat((await first.ended) === 0, 'promote.yml to end well', 'it failed');
  expectLive(await liveIn(world, 'prod'), { 'aws-prod': r1, 'gcp-prod': r1 });
  const approvals = (await facts(world)).filter((fact) => fact.kind === 'approval');
  expectThat(
    approvals.length === 1 && approvals[0]?.body.approver === 'rita',
    'one approval for both clouds',
    approvals,
  );
  seen(`promote.yml: one review by rita let ${r1} into both clouds`);

  await forgetSetting(world.checkout);
  const r2 = await release(world, 'R2');
  const refused = await promotionOf(world, r2);
  const touched = () =>
    facts(world).then((all) => all.filter((fact) => 'stack' in fact && fact.stack.endsWith('-prod')).length);
  const before = await touched();
  review(github.state, world.repository, refused.run, decision('rejected', 'prod'));
  expectThat((await refused.ended) !== 0, 'promote.yml to fail when the review says no', 'it ended well');
  expectThat(
    (await touched()) === before,
    'prod untouched after a refused review',
    `${(await touched()) - before} new facts`,
  );
  const ended = (await facts(world)).findLast((fact) => fact.kind === 'promotion');
  expectThat(
    ended?.release === r2 && ended.body.state === 'refused' && ended.actor.login === 'rita',
    `the promotion of ${r2} ended as refused by rita`,
    ended,
  );
  seen(`promote.yml: rita refused the review of ${r2}; nothing was touched, and the ledger says who said no`);

  const older = await dispatch(world, 'promote.yml', { release: r2 });
  await waiting(older.run);
  const newer = await dispatch(world, 'promote.yml', { release: r2 });
  await waiting(newer.run);
  expectThat((await older.ended) !== 0, 'the superseded run to end', 'it ended well');
  expectThat(older.run.conclusion === 'cancelled', 'the superseded run cancelled', older.run.conclusion);
  seen('promote.yml: a newer preparation superseded the waiting one and cancelled its run');

  approve(world, newer.run, 'prod');
  expectThat((await newer.ended) !== 0, 'promote.yml to fail with a failing leg', 'it ended well');
  expectLive(await liveIn(world, 'prod'), { 'aws-prod': r2, 'gcp-prod': r1 });
  const legs = (await facts(world)).filter((fact) => fact.kind === 'promotion' && fact.release === r2).at(-1);
  expectThat(legs?.kind === 'promotion' && legs.body.state === 'failed', 'the promotion recorded as failed', legs);
  seen(
    `promote.yml: ${r2} failed on gcp-prod and went back there; aws-prod runs it; the run failed and the ledger says why`,
  );

  const back = await dispatch(world, 'rollback.yml', { release: r1, clouds: 'all', reason: 'prod is split' });
  await waiting(back.run);
  approve(world, back.run, 'prod-rollback');
  expectThat((await back.ended) === 0, 'rollback.yml to end well', 'it failed');
  expectLive(await liveIn(world, 'prod'), { 'aws-prod': r1, 'gcp-prod': r1 });
  seen(`rollback.yml: both clouds run ${r1} again`);
}

interface Started {
  readonly run: Run;
  readonly ended: Promise<number>;
}

/** A developer's commit reaches `main`. @returns the release that release.yml made of it. */
async function release(world: World, message: string): Promise<string> {
  await trireme(world.checkout.root, 'train');
  await world.checkout.commit(message);
  await execute('git', ['-C', world.checkout.root, 'push', '--quiet', join(work, 'origin.git'), 'main']);
  const { ended } = await start(world, 'release.yml', 'push', {});
  expectThat((await ended) === 0, 'release.yml to end well', 'it failed');
  const made = (await facts(world)).findLast((fact) => fact.kind === 'release');
  expectThat(made?.kind === 'release', 'a release in the ledger', 'none');
  const built = made?.kind === 'release' ? made.body.manifest.image.builder : undefined;
  expectThat(built === 'dockerfile', 'an image built from the Dockerfile', built);
  return made?.kind === 'release' ? made.release : '';
}

/** The run of promote.yml that release.yml asked for, waiting for its review. */
async function promotionOf(world: World, wanted: string): Promise<Started> {
  const run = [...world.repository.runs.values()].findLast(
    ({ workflow, inputs }) => workflow.endsWith('promote.yml') && inputs.release === wanted,
  );
  if (run === undefined) throw new Error(`expected release.yml to start promote.yml for ${wanted}; it did not`);
  const started = carryOut(world, run, 'workflow_dispatch');
  await Promise.race([waiting(run), started.ended]);
  expectThat(run.status === 'waiting', `promote.yml of ${wanted} to wait for a review`, run.status);
  return started;
}

async function dispatch(world: World, workflow: string, inputs: Readonly<Record<string, string>>): Promise<Started> {
  return start(world, workflow, 'workflow_dispatch', inputs);
}

async function start(
  world: World,
  workflow: string,
  event: 'push' | 'workflow_dispatch',
  inputs: Readonly<Record<string, string>>,
): Promise<Started> {
  const body = JSON.stringify({ repository: name, workflow, event, actor: 'remy', inputs });
  const answer = await fetch(`${github.url}/_emulator/runs`, { method: 'POST', body });
  const { id } = (await answer.json()) as { readonly id: number };
  const run = world.repository.runs.get(id);
  if (run === undefined) throw new Error(`the emulated GitHub did not start ${workflow}`);
  return carryOut(world, run, event);
}

function carryOut(world: World, run: Run, event: 'push' | 'workflow_dispatch'): Started {
  const workflow = run.workflow.split('/').at(-1) ?? '';
  const { ended, child } = startAct(
    world,
    { workflow, event, inputs: run.inputs, runId: run.id, actor: run.actor },
    join(logs, `${workflow}-${run.id}.log`),
  );
  const limit = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  return {
    run,
    ended: ended.then((code) => {
      clearTimeout(limit);
      if (run.status !== 'completed') {
        run.status = 'completed';
        run.conclusion = code === 0 ? 'success' : 'failure';
      }
      return code;
    }),
  };
}

async function waiting(run: Run): Promise<void> {
  const until = Date.now() + patienceMs;
  while (run.status === 'in_progress' && Date.now() < until) await sleep(200);
}

function approve(world: World, run: Run, environment: string): void {
  review(github.state, world.repository, run, decision('approved', environment));
}

const decision = (state: 'approved' | 'rejected', environment: string) => ({
  state,
  user: environment === 'prod' ? 'rita' : 'remy',
  comment: '',
  environments: [environment],
});

async function facts({ checkout }: World): Promise<readonly Fact[]> {
  const repository = join(checkout.root, '.trireme', 'emulated-ledger.git');
  return (await openLedger({ repository, cache: join(work, 'ledger-cache') })).facts();
}

/** Stack to the release that answers at its endpoint, asked itself. */
async function liveIn(world: World, environment: string): Promise<ReadonlyMap<string, string>> {
  const live = new Map<string, string>();
  for (const fact of await facts(world)) {
    if (fact.kind !== 'deployment' || fact.environment !== environment || fact.body.endpoint === undefined) continue;
    const { releaseId } = (await (await fetch(`${fact.body.endpoint}/version`)).json()) as { releaseId: string };
    live.set(fact.stack, releaseId);
  }
  return live;
}

/** The commit that makes R2: the model declares a setting that every stack has but gcp-prod. */
async function forgetSetting(checkout: Checkout): Promise<void> {
  await checkout.edit('problem.yaml', (text) =>
    text.replace(/^settings: \[\]$/m, 'settings: [{ name: TASTING_REGION, why: labels are named for it }]'),
  );
  for (const stack of ['aws-dev', 'gcp-dev', 'aws-prod']) {
    await checkout.edit(`stacks/Pulumi.${stack}.yaml`, (text) =>
      text.replace(/^(\s*)trireme:env: \{\}$/m, '$1trireme:env: { TASTING_REGION: Piemonte }'),
    );
  }
}

async function prepare(): Promise<World> {
  const checkout = await createCheckout(project, join(work, 'checkout'), process.env.PATH ?? '');
  for (const file of await readdir(join(checkout.root, 'stacks'))) {
    if (!clouds.some((cloud) => file.startsWith(`Pulumi.${cloud}-`))) await rm(join(checkout.root, 'stacks', file));
  }
  // The tests are this program's caller.
  await writeFile(join(checkout.root, '.ci', 'run'), '#!/bin/sh\n', { mode: 0o755 });
  await execute('git', ['init', '--quiet', '--bare', '--initial-branch=main', join(work, 'origin.git')]);
  await trireme(checkout.root, 'emulator', 'up', '--time-scale', '25');

  const repository = arrange(github.state, {
    people: [
      { login: 'dana', name: author.name, emails: [author.email] },
      { login: 'rita', emails: ['rita@example.org'] },
      { login: 'remy', emails: ['remy@example.org'] },
      { login: 'ada', emails: ['ada@example.org'] },
    ],
    teams: [{ slug: 'release-managers', members: ['rita', 'remy'] }],
    repository: name,
    roles: { dana: 'write', rita: 'read', remy: 'write', ada: 'admin' },
    gitDirectory: join(work, 'origin.git'),
  });
  await guard('prod', true);
  await guard('prod-rollback', false);

  const workflows = join(checkout.root, '.github');
  const files = (await readdir(workflows, { recursive: true })).filter((file) => file.endsWith('.yml'));
  const texts = await Promise.all(files.map((file) => readFile(join(workflows, file), 'utf8')));
  const used = new Set(
    texts.flatMap((text) => [...text.matchAll(/uses: ([^.\s][^\s]*)/g)].map((match) => match[1] ?? '')),
  );
  const standIns = join(work, 'stand-ins');
  const path = [join(standIns, 'bin'), join(project, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter);
  await mkdir(join(work, 'act'));
  await rm(logs, { recursive: true, force: true });
  await mkdir(logs, { recursive: true });
  return {
    checkout,
    repository,
    project: checkout.root,
    cache: join(work, 'act'),
    standIns: await writeStandIns(standIns, [...used]),
    machine: { ...process.env, PATH: path },
    variables: {
      PATH: path,
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: name,
      STAND_INS: standIns,
      STAND_INS_ORIGIN: join(work, 'origin.git'),
      STAND_INS_PROJECT: checkout.root,
      STAND_INS_GITHUB: github.url,
      STAND_INS_ENVIRONMENTS: JSON.stringify(environmentsIn(texts)),
      STAND_INS_NPM: await which('npm'),
      STAND_INS_PODMAN: await which('podman'),
      ...(process.env.NODE_EXTRA_CA_CERTS === undefined
        ? {}
        : { NODE_EXTRA_CA_CERTS: resolve(process.env.NODE_EXTRA_CA_CERTS) }),
    },
  };
}

/** Workflow name → job → the environment it names. */
function environmentsIn(texts: readonly string[]): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const text of texts) {
    const workflow = parse(text) as { name?: string; jobs?: Record<string, { environment?: string }> };
    for (const [job, { environment }] of Object.entries(workflow.jobs ?? {})) {
      if (environment !== undefined) found[workflow.name ?? ''] = { ...found[workflow.name ?? ''], [job]: environment };
    }
  }
  return found;
}

async function guard(environment: string, preventSelfReview: boolean): Promise<void> {
  const team = github.state.teams.get('release-managers');
  const put = (method: string, path: string, body: object) =>
    fetch(`${github.url}/repos/${name}/environments/${environment}${path}`, {
      method,
      headers: { authorization: 'Bearer user:ada' },
      body: JSON.stringify(body),
    });
  const answers = [
    await put('PUT', '', {
      reviewers: [{ type: 'Team', id: team?.id }],
      prevent_self_review: preventSelfReview,
      can_admins_bypass: false,
      deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
    }),
    await put('POST', '/deployment-branch-policies', { name: 'main' }),
  ];
  expectThat(
    answers.every(({ ok }) => ok),
    `environment ${environment} guarded`,
    answers.map(({ status }) => status),
  );
}

async function trireme(root: string, ...words: string[]): Promise<void> {
  await execute(join(project, 'node_modules', '.bin', 'node'), [join(root, 'bin', 'trireme.mjs'), ...words], {
    cwd: root,
  });
}

async function which(program: string): Promise<string> {
  return (await execute('bash', ['-c', `command -v ${program}`])).stdout.trim();
}

async function showLogs(): Promise<void> {
  const file = (await readdir(logs)).sort((a, b) => idOf(a) - idOf(b)).at(-1);
  if (file === undefined) return;
  const lines = (await readFile(join(logs, file), 'utf8')).split('\n').filter((line) => /❌|\| |rror/.test(line));
  console.log(`--- the end of ${join(logs, file)}\n${lines.slice(-60).join('\n')}`);
}

const idOf = (file: string) => Number(/-(\d+)\.log$/.exec(file)?.[1] ?? 0);

function expectLive(found: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): void {
  const same = Object.entries(wanted).every(([stack, one]) => found.get(stack) === one);
  expectThat(same, `live ${JSON.stringify(wanted)}`, Object.fromEntries(found));
}

function expectThat(holds: boolean, expected: string, found: unknown): void {
  if (!holds) throw new Error(`expected ${expected}; found ${JSON.stringify(found)}`);
}

function seen(line: string): void {
  console.log(`seen after ${Math.round(process.uptime())} s: ${line}`);
}

let failed = true;
try {
  const world = await prepare();
  try {
    await tell(world);
    failed = false;
  } finally {
    if (failed) await showLogs();
    await trireme(world.checkout.root, 'emulator', 'down');
  }
} finally {
  await github.stop();
  await rm(work, { recursive: true, force: true, maxRetries: 5 });
}
