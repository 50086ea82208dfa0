// Builds the image from the Dockerfile as a release does, twice, looks inside it, runs it hardened with podman and asks it for predictions.
// Called by .ci/run, which has put the base images in podman's store. Prints a line for each check; the first that fails ends it.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { golden as goldenDocument } from '../infra/contract/golden.ts';
import { identityVariables, readyPath, servicePort, versionPath } from '../infra/contract/service.ts';
import { buildIdOf } from '../infra/image/build-id.ts';
import { type BakedModel, prepareContext } from '../infra/image/context.ts';
import { buildWithEngine } from '../infra/image/engine.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const nobody = '65532:65532';
/** Cloud Run sends SIGKILL 10 s after SIGTERM, the shortest of the three; the service promises to be gone before. */
const drainLimitSeconds = 8;
const startLimitSeconds = 30;

const work = await mkdtemp(join(tmpdir(), 'trireme-image-'));
try {
  await check();
} finally {
  await rm(work, { recursive: true, force: true });
}

async function check(): Promise<void> {
  const model = await lockedModel();
  const commit = (await run('git', ['-C', root, 'rev-parse', 'HEAD'])).stdout.trim();
  const buildId = buildIdOf({ commit, models: [{ name: model.name, digest: model.digest }] });
  const context = join(work, 'context');
  await prepareContext({ root, models: [model], buildId, destination: context });

  const certificates = process.env.NODE_EXTRA_CA_CERTS;
  const build = (name: string) =>
    buildWithEngine({
      engine: 'podman',
      context,
      dockerfile: join(root, 'Dockerfile'),
      destination: join(work, name),
      labels: { commit, repository: 'trireme', buildId },
      onLine: (line) => console.log(`  ${line}`),
      ...(certificates && { certificates }),
    });
  const first = await build('first');
  const second = await build('second');
  say('built twice, the same digest', first.digest === second.digest, `${first.digest} and ${second.digest}`);

  // What runs is the layout that a release would push, not what the engine happens to keep.
  const pulled = await run('podman', ['pull', '--quiet', 'oci:second:release'], { cwd: work });
  const image = pulled.stdout.trim();
  try {
    await inspect(image);
    await serve(image, model, buildId);
  } finally {
    await run('podman', ['rmi', '--force', image]);
  }
}

async function lockedModel(): Promise<BakedModel> {
  const { stdout } = await run('node', ['app/cli/main.ts', 'ensure', '--json'], { cwd: root });
  const { models } = JSON.parse(stdout) as { models: readonly { name: string; digest: string; directory: string }[] };
  const [model] = models;
  if (model === undefined) throw new Error('expected a locked model; found none in model.lock.json');
  return { name: model.name, digest: model.digest, folder: resolve(root, model.directory) };
}

/** What the image is, before it runs: https://github.com/opencontainers/image-spec/blob/main/config.md */
async function inspect(image: string): Promise<void> {
  const { stdout } = await run('podman', ['image', 'inspect', '--format', '{{json .Config}}', image]);
  const config = JSON.parse(stdout) as { User?: string; Entrypoint?: string[]; Cmd?: string[]; ExposedPorts?: object };
  say('user by number, not root', config.User === nobody, String(config.User));
  const entry = config.Entrypoint ?? [];
  say('entry point starts Node itself', entry[0] === '/usr/local/bin/node' && !config.Cmd?.length, entry.join(' '));
  const ports = Object.keys(config.ExposedPorts ?? {}).join();
  say('port', ports === `${servicePort}/tcp`, ports);

  const container = (await run('podman', ['create', image])).stdout.trim();
  const listing = await list(container).finally(() => run('podman', ['rm', container]));
  const named = (pattern: RegExp) => listing.filter(({ path }) => pattern.test(path)).map(({ path }) => path);
  say(
    'files',
    listing.some(({ path }) => path === 'srv/app/serving/main.js'),
    `${listing.length}, the service among them`,
  );
  const tools = named(/(^|\/)bin\/(sh|bash|dash|busybox|npm|npx|apt|apt-get|dpkg)$|node_modules\/npm\//);
  say('no shell, no package manager', tools.length === 0, tools.join(', ') || 'none');
  const outside = named(
    /^srv\/(infra|data|stacks|bench)\/|^srv\/app\/(test|training|cli)\/|(^|\/)package-lock\.json$|lineage\.json$/,
  );
  say('only what serves', outside.length === 0, outside.join(', ') || 'nothing else');
  const development = named(/^srv\/node_modules\/(typescript|vitest|@tensorflow|@pulumi|@biomejs)\//);
  say('no development packages', development.length === 0, development.slice(0, 3).join(', ') || 'none');
  const privileged = listing.filter(({ mode }) => /^-..[sS]|^-.{5}[sS]/.test(mode));
  say('nothing runs as someone else', privileged.length === 0, privileged.map(({ path }) => path).join(', ') || 'none');
  const writable = listing.filter(
    ({ mode, owner, path }) =>
      path.startsWith('srv/') && !mode.startsWith('l') && (owner === nobody.replace(':', '/') || mode[8] === 'w'),
  );
  say('nothing writable by its user', writable.length === 0, writable.map(({ path }) => path).join(', ') || 'none');
}

/** Every file of a container as `tar --list` shows it: mode, owner/group, path. */
async function list(container: string): Promise<{ mode: string; owner: string; path: string }[]> {
  const archive = join(work, 'files.tar');
  await run('podman', ['export', `--output=${archive}`, container]);
  const { stdout } = await run('tar', ['--list', '--verbose', '--numeric-owner', `--file=${archive}`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split('\n').flatMap((line) => {
    const [mode, owner, , , , path] = line.split(/\s+/);
    return mode && owner && path ? [{ mode, owner, path }] : [];
  });
}

async function serve(image: string, model: BakedModel, buildId: string): Promise<void> {
  const identity = {
    [identityVariables.releaseId]: 'rel-1-0123456789ab',
    [identityVariables.imageDigest]: `sha256:${'0'.repeat(64)}`,
  };
  const hardened = [
    '--read-only',
    '--tmpfs=/tmp',
    '--cap-drop=ALL',
    '--security-opt=no-new-privileges',
    '--memory=512m',
    '--pids-limit=64',
  ];
  // Without CAP_SYS_RESOURCE podman's own default limits can't be set.
  const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1024:1024'];
  const variables = Object.entries(identity).map(([name, value]) => `--env=${name}=${value}`);
  const publish = `--publish=127.0.0.1::${servicePort}`;
  const container = (
    await run('podman', ['run', '--detach', publish, ...hardened, ...limits, ...variables, image])
  ).stdout.trim();
  try {
    const address = (await run('podman', ['port', container, String(servicePort)])).stdout.trim();
    const endpoint = `http://${address}`;
    await ready(endpoint);
    await predictions(endpoint, model, identity, buildId);
    await drains(endpoint, container);
  } catch (error) {
    const { stdout, stderr } = await run('podman', ['logs', container]);
    console.log(stdout + stderr);
    throw error;
  } finally {
    await run('podman', ['rm', '--force', container]);
  }
}

async function ready(endpoint: string): Promise<void> {
  const began = performance.now();
  for (;;) {
    const status = await fetch(endpoint + readyPath).then(
      ({ status }) => status,
      () => 0,
    );
    const seconds = (performance.now() - began) / 1000;
    if (status === 200) return say('ready', true, `${readyPath} 200 after ${seconds.toFixed(1)} s`);
    if (seconds > startLimitSeconds) return say('ready', false, `${readyPath} ${status} for ${startLimitSeconds} s`);
    await sleep(50);
  }
}

async function predictions(
  endpoint: string,
  model: BakedModel,
  identity: Record<string, string>,
  buildId: string,
): Promise<void> {
  const version = (await (await fetch(endpoint + versionPath)).json()) as Record<string, unknown>;
  const expected = [buildId, ...Object.values(identity)];
  const found = [version.buildId, version.releaseId, version.imageDigest];
  say('says who it is', expected.join() === found.join(), found.join(' '));

  const { cases } = goldenDocument.parse(JSON.parse(await readFile(join(model.folder, 'golden.json'), 'utf8')));
  const body = JSON.stringify({ instances: cases.map(({ input }) => input) });
  const response = await fetch(`${endpoint}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  const answer = (await response.json()) as { predictions?: { label?: unknown }[] };
  const right = cases.filter(({ output }, index) => output.label === answer.predictions?.[index]?.label).length;
  say('golden predictions', right === cases.length, `${right} of ${cases.length} labels`);
}

/** A client keeps asking while the platform stops the container: what was accepted is answered, then the process leaves with 0. */
async function drains(endpoint: string, container: string): Promise<void> {
  const answers: number[] = [];
  let asking = true;
  const client = (async () => {
    while (asking) {
      const status = await fetch(`${endpoint}/v2/health/live`).then(
        ({ status }) => status,
        () => 0,
      );
      if (status === 0) break;
      answers.push(status);
    }
  })();
  await sleep(200);
  const began = performance.now();
  await run('podman', ['kill', '--signal=TERM', container]);
  const code = Number((await run('podman', ['wait', container])).stdout.trim());
  const seconds = (performance.now() - began) / 1000;
  asking = false;
  await client;
  const text = `exit ${code} after ${seconds.toFixed(1)} s, ${answers.length} requests answered meanwhile`;
  say(
    'SIGTERM: drains, exits 0',
    code === 0 && seconds < drainLimitSeconds && answers.every((status) => status === 200),
    text,
  );
}

function say(name: string, isGood: boolean, found: string): void {
  console.log(`${isGood ? 'passed' : 'FAILED'}  ${name}: ${found}`);
  if (!isGood) throw new Error(`${name}: found ${found}`);
}
