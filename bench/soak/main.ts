// `npm run soak -- [--minutes 10] [--seed 1]`: the long forms of what the test suite shows in short, against the service as its own process.
import type { ChildProcess } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { fuzz } from '../../app/test/serving/fuzz/fuzzing.ts';
import { Oracle } from '../../app/test/serving/fuzz/oracle.ts';
import { ensureModels } from '../../app/training/ensure.ts';
import { predictRequest } from '../serving/requests.ts';
import { type RunningServer, startServer, stopServer } from '../serving/server.ts';
import { overload, slowClients, termination } from './hostile.ts';
import { growthOf } from './memory.ts';
import { grows, type Slope } from './slope.ts';

const project = path.join(import.meta.dirname, '..', '..');
const maxRows = 30;
/** In MiB and in open files, an hour. */
const allowedGrowth = 5;
const residentFromMs = 20 * 60_000;
const slow = 1000;
const stops = 5;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } },
});
const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
if (!(minutes >= 1) || !Number.isSafeInteger(seed)) {
  process.stderr.write('expected --minutes of at least 1 and a whole --seed\n');
  process.exit(2);
}
const milliseconds = minutes * 60_000;

const work = await mkdtemp(path.join(tmpdir(), 'trireme-soak-'));
const children = new Set<ChildProcess>();
try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  for (const child of children) child.kill('SIGKILL');
  await rm(work, { recursive: true, force: true, maxRetries: 3 });
}

async function soak(): Promise<boolean> {
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const places = {
    problemFile: path.join(project, 'problem.yaml'),
    store: path.join(project, '.trireme', 'models'),
    lockFile: path.join(project, 'model.lock.json'),
  };
  const [model] = await ensureModels(places, say, () => {});
  if (model === undefined) throw new Error('expected a model in model.lock.json; found none');
  const folder = path.join(work, 'models', model.name);
  await cp(model.directory, folder, { recursive: true });
  const example = JSON.parse(await readFile(path.join(folder, 'golden.json'), 'utf8')).cases[0].input;
  const asked = predictRequest(example);
  const large = predictRequest(example, maxRows);
  const measuring = ['--expose-gc', '--import', path.join(import.meta.dirname, 'measure.ts')];
  const start = async (env: Readonly<Record<string, string>> = {}, options: readonly string[] = []) => {
    const server = await startServer(
      {
        command: [process.execPath, ...options, path.join(project, 'app/serving/main.ts')],
        cwd: work,
        env: { HOST: '127.0.0.1', PORT: '0', MAX_ROWS: String(maxRows), ...env },
      },
      asked,
    );
    children.add(server.child);
    return server;
  };

  const checks: readonly (readonly [string, () => Promise<readonly string[]>])[] = [
    ['fuzzing', () => fuzzing(0)],
    ['fuzzing finds an answer that is a little wrong (control)', async () => opposite(await fuzzing(0.01))],
    [
      'slow clients',
      () =>
        on(start({ HEADERS_TIMEOUT_SECONDS: '2', REQUEST_TIMEOUT_SECONDS: '3', IDLE_TIMEOUT_SECONDS: '3' }), (server) =>
          slowClients(server, large, slow, 8000),
        ),
    ],
    [
      'slow clients are found at limits of an hour (control)',
      async () =>
        opposite(
          await on(
            start({ HEADERS_TIMEOUT_SECONDS: '120', REQUEST_TIMEOUT_SECONDS: '3600', IDLE_TIMEOUT_SECONDS: '3600' }),
            (server) => slowClients(server, large, 30, 4000),
          ),
        ),
    ],
    ['overload', () => on(start({ MAX_EVENT_LOOP_DELAY_MS: '20' }), (server) => overload(server, large, 400, 5000))],
    [
      'overload without a limit refuses nobody (control)',
      async () =>
        opposite(await on(start({ MAX_EVENT_LOOP_DELAY_MS: '0' }), (server) => overload(server, large, 400, 2000))),
    ],
    [
      'stopped under load',
      async () => {
        const faults: string[] = [];
        for (let stop = 0; stop < stops; stop++)
          faults.push(...(await on(start(), (server) => termination(server, asked))));
        return faults;
      },
    ],
    [
      'stopped without a grace loses requests (control)',
      async () => opposite(await on(start({ DRAIN_GRACE_SECONDS: '0' }), (server) => termination(server, asked))),
    ],
    ['memory and open files', () => on(start({}, measuring), (server) => growth(server, milliseconds / 2))],
    [
      'memory, with two kilobytes kept of each request (control)',
      async () =>
        opposite(
          await on(start({}, [...measuring, '--import', path.join(import.meta.dirname, 'leak.ts')]), (server) =>
            growth(server, 30_000),
          ),
        ),
    ],
  ];
  let failed = 0;
  for (const [name, check] of checks) {
    const began = performance.now();
    const faults = await check().catch((error: Error) => [error.message]);
    if (faults.length > 0) failed += 1;
    process.stdout.write(
      `${faults.length === 0 ? 'passed' : 'FAILED'} ${Math.round((performance.now() - began) / 1000)} s  ${name}\n`,
    );
    for (const fault of faults) process.stdout.write(`    ! ${fault}\n`);
  }
  process.stdout.write(`${checks.length - failed} passed, ${failed} failed\n`);
  return failed === 0;

  /** @param bias planted in the oracle. */
  async function fuzzing(bias: number): Promise<readonly string[]> {
    return on(start(), async ({ port }) => {
      const end = performance.now() + milliseconds / 4;
      const { sent, valid, faults } = await fuzz({
        port,
        model: model?.name ?? '',
        oracle: new Oracle(folder, maxRows, bias),
        example,
        maxRows,
        seed,
        goesOn: () => performance.now() < end,
      });
      say(`  ${sent} bodies, ${Math.round((100 * valid) / sent)} % of them right`);
      return valid / sent < 0.3 ? [...faults, 'expected at least 30 % right bodies; found fewer'] : faults;
    });
  }

  async function growth(server: RunningServer, duration: number): Promise<readonly string[]> {
    const { requests, live, resident, files } = await growthOf(server, asked, duration);
    say(
      `  ${requests} requests; in use ${told(live)} MiB/h, resident ${told(resident)} MiB/h, open files ${told(files)} /h`,
    );
    const faults: string[] = [];
    const hold = (what: string, slope: Slope) => {
      if (grows(slope, allowedGrowth)) faults.push(`expected ${what} not to grow; found ${told(slope)} an hour`);
    };
    hold('memory in use', live);
    hold('open files', files);
    // A process takes some minutes to have the size that it keeps.
    if (duration >= residentFromMs) hold('resident memory', resident);
    return faults;
  }
}

/** A control must find a fault. */
function opposite(faults: readonly string[]): readonly string[] {
  return faults.length > 0 ? [] : ['expected the planted fault to be found; it was not'];
}

function told({ perHour, low, high }: Slope): string {
  return `${perHour.toFixed(1)} (${low.toFixed(1)} to ${high.toFixed(1)})`;
}

async function on(
  starting: Promise<RunningServer>,
  check: (server: RunningServer) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const server = await starting;
  try {
    return await check(server);
  } finally {
    await stopServer(server);
    children.delete(server.child);
  }
}
