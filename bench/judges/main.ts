// Clients and checkers other people wrote, let loose on the service as the image starts it: `npm run judges [tritonclient kserve mlserver schemathesis]`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { writeArtifact } from '../../app/model/artifact.ts';
import { readProblem } from '../../app/training/problem.ts';
import { train } from '../../app/training/train.ts';
import { hasPython, pythonEnvironment } from '../python.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = path.join(here, '../..');
const minutes = 60_000;

interface Judge {
  readonly name: string;
  /** Its packages; judges with the same file share an environment. */
  readonly requirements: string;
  /** @returns the program in that environment and its arguments. */
  command(url: string, work: string): readonly [string, ...string[]];
}

const judges: readonly Judge[] = [
  {
    name: 'tritonclient',
    requirements: 'requirements.txt',
    command: (url) => ['python', `${here}triton_judge.py`, url],
  },
  { name: 'kserve', requirements: 'requirements.txt', command: (url) => ['python', `${here}kserve_judge.py`, url] },
  {
    name: 'mlserver',
    requirements: 'requirements-mlserver.txt',
    command: (url, work) => [
      'mlserver',
      ...['infer', '--url', url.replace('http://', ''), '--model-name', 'wine', '--transport', 'rest'],
      ...[
        '--input-data-path',
        path.join(work, 'requests.jsonl'),
        '--output-data-path',
        path.join(work, 'answers.jsonl'),
      ],
      ...['--workers', '2', '--batch-size', '2'],
    ],
  },
  {
    name: 'schemathesis',
    // The number of examples is for its fuzzing and its sequences of requests: with 25 it sends 9069 requests, with 10 still 8804. The rest, each
    // operation's every keyword right and wrong, does not depend on it, nor on the seed; every check looks at every answer.
    requirements: 'requirements.txt',
    command: (url) => [
      'schemathesis',
      ...['--config-file', `${here}schemathesis.toml`],
      ...['run', `${url}/openapi.json`, '--checks', 'all', '--max-examples', '10', '--seed', '1', '--no-color'],
    ],
  },
];

/** The service as an image starts it, on a free port. */
async function startService(work: string): Promise<{ url: string; stop: () => void; example: object }> {
  const { contents } = await train(await readProblem(path.join(root, 'problem.yaml')));
  const { directory } = await writeArtifact(path.join(work, 'store'), contents, {});
  cpSync(directory, path.join(work, 'models/wine'), { recursive: true });
  const child = spawn(process.execPath, [path.join(root, 'app/serving/main.ts')], {
    cwd: work,
    env: { PORT: '0', HOST: '127.0.0.1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let url = '';
  await new Promise<void>((resolve) => {
    child.once('exit', resolve);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { message, port } = JSON.parse(line);
      if (message === 'listening') url = `http://127.0.0.1:${port}`;
      if (message === 'ready' || message === 'never ready') resolve();
    });
  });
  return {
    url,
    stop: () => child.kill('SIGKILL'),
    example: JSON.parse(String(contents['golden.json'])).cases[0].input,
  };
}

async function main(names: readonly string[]): Promise<boolean> {
  const unknown = names.find((name) => !judges.some((judge) => judge.name === name));
  if (unknown !== undefined)
    throw new Error(`expected some of ${judges.map(({ name }) => name).join(', ')}, found ${unknown}`);
  if (!hasPython()) {
    console.log('NOT RUN: the outside judges: no python3 here; install Python 3.11 or newer');
    return true;
  }
  const chosen = judges.filter(({ name }) => names.length === 0 || names.includes(name));
  const bins = new Map(
    chosen.map(({ requirements }) => [
      requirements,
      pythonEnvironment(path.join(here, requirements), `judges-${path.basename(requirements, '.txt')}`, console.log),
    ]),
  );
  const work = mkdtempSync(path.join(tmpdir(), 'trireme-judges-'));
  const { url, stop, example } = await startService(work);
  const inputs = Object.entries(example).map(([name, value]) => ({
    name,
    datatype: 'FP64',
    shape: [1, 1],
    data: [value],
  }));
  writeFileSync(path.join(work, 'requests.jsonl'), `${JSON.stringify({ inputs })}\n`.repeat(20));
  const failed: string[] = [];
  try {
    for (const { name, requirements, command } of chosen) {
      const [program, ...args] = command(url, work);
      const started = performance.now();
      // Not the synchronous one: what the service logs has to be read meanwhile, or it would wait to write it.
      const judge = spawn(path.join(bins.get(requirements) ?? '', program), args, {
        cwd: work,
        stdio: 'inherit',
        timeout: 5 * minutes,
      });
      const [status] = await once(judge, 'exit');
      const holds = status === 0 && (name !== 'mlserver' || answersHold(work));
      if (!holds) failed.push(name);
      console.log(`${holds ? 'passed' : 'FAILED'}: ${name}, ${Math.round((performance.now() - started) / 1000)} s`);
    }
  } finally {
    stop();
    rmSync(work, { recursive: true, force: true });
  }
  return failed.length === 0;
}

/** `mlserver infer` ends well even when every request was refused. */
function answersHold(work: string): boolean {
  const answers = readFileSync(path.join(work, 'answers.jsonl'), 'utf8').trim().split('\n');
  return answers.length === 20 && answers.every((line) => JSON.parse(line).outputs?.length === 3);
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
