// What the workflows run in: a project with two clouds, a repository to push to, emulated clouds, an emulated GitHub with people and rules.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { arrange } from '../../infra/emulator/github/arrange.ts';
import { type EmulatedGithub, startGithub } from '../../infra/emulator/github/github.ts';
import type { Repository } from '../../infra/emulator/github/state.ts';
import { author, type Checkout, createCheckout } from '../../infra/rehearsal/checkout.ts';
import { shareBriefly } from '../../infra/rehearsal/watch.ts';
import type { ActWorld } from './act.ts';
import { writeStandIns } from './stand-ins.ts';

export const execute = promisify(execFile);
const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export const clouds = ['aws', 'gcp'] as const;
export const repositoryName = 'acme/wine';

export interface World extends ActWorld {
  readonly checkout: Checkout;
  readonly github: EmulatedGithub;
  readonly repository: Repository;
  /** A bare repository: where a developer pushes to. */
  readonly origin: string;
  /** One file for each run; they stay, to be read when something was not as expected. */
  readonly logs: string;
  readonly ledgerCache: string;
  end(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const work = await mkdtemp(join(tmpdir(), 'trireme-workflows-'));
  const github = await startGithub();
  const end = async () => {
    // Before there is a checkout there is nothing to take down.
    await trireme(join(work, 'checkout'), 'emulator', 'down').catch(() => {});
    await github.stop();
    await rm(work, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    return await arranged(work, github, end);
  } catch (error) {
    await end();
    throw error;
  }
}

async function arranged(work: string, github: EmulatedGithub, end: () => Promise<void>): Promise<World> {
  const logs = join(project, '.trireme', 'ci', 'workflows');
  const origin = join(work, 'origin.git');
  const checkout = await createCheckout(project, join(work, 'checkout'), process.env.PATH ?? '');
  for (const file of await readdir(join(checkout.root, 'stacks'))) {
    if (!clouds.some((cloud) => file.startsWith(`Pulumi.${cloud}-`))) await rm(join(checkout.root, 'stacks', file));
  }
  await shareBriefly(checkout, 25);
  // The tests are this program's caller.
  await writeFile(join(checkout.root, '.ci', 'run'), '#!/bin/sh\n', { mode: 0o755 });
  await execute('git', ['init', '--quiet', '--bare', '--initial-branch=main', origin]);
  await trireme(checkout.root, 'emulator', 'up', '--time-scale', '25');

  const repository = arrange(github.state, {
    people: [
      { login: 'dana', name: author.name, emails: [author.email] },
      { login: 'rita', emails: ['rita@example.org'] },
      { login: 'remy', emails: ['remy@example.org'] },
      { login: 'ada', emails: ['ada@example.org'] },
    ],
    teams: [{ slug: 'release-managers', members: ['rita', 'remy'] }],
    repository: repositoryName,
    roles: { dana: 'write', rita: 'read', remy: 'write', ada: 'admin' },
    gitDirectory: origin,
  });
  await guard(github, 'prod', true);
  await guard(github, 'prod-rollback', false);

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
    github,
    repository,
    origin,
    logs,
    ledgerCache: join(work, 'ledger-cache'),
    end,
    project: checkout.root,
    cache: join(work, 'act'),
    standIns: await writeStandIns(standIns, [...used]),
    machine: { ...process.env, PATH: path },
    variables: {
      PATH: path,
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: repositoryName,
      STAND_INS: standIns,
      STAND_INS_ORIGIN: origin,
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

async function guard(github: EmulatedGithub, environment: string, preventSelfReview: boolean): Promise<void> {
  const team = github.state.teams.get('release-managers');
  const put = (method: string, path: string, body: object) =>
    fetch(`${github.url}/repos/${repositoryName}/environments/${environment}${path}`, {
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
  const refused = answers.filter(({ ok }) => !ok);
  if (refused.length > 0) throw new Error(`expected to guard ${environment}; found HTTP ${refused[0]?.status}`);
}

export async function trireme(root: string, ...words: string[]): Promise<void> {
  await execute(join(project, 'node_modules', '.bin', 'node'), [join(root, 'bin', 'trireme.mjs'), ...words], {
    cwd: root,
  });
}

async function which(program: string): Promise<string> {
  return (await execute('bash', ['-c', `command -v ${program}`])).stdout.trim();
}
