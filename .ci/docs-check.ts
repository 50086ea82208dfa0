// Runs the commands that the documents show, as printed and in order, each document in a fresh clone of its own. Called by .ci/run.
// What is not committed is not in a clone. The service runs beside the commands that speak to it until its document ends.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readyPath, servicePort } from '../infra/contract/service.ts';
import { linkPackages } from '../infra/rehearsal/link-packages.ts';
import { blocksOf, checkedByCi, rehearsedDocuments } from '../infra/test/document-rules.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const blockSeconds = 300;
const startSeconds = 120;

const work = await mkdtemp(join(tmpdir(), 'trireme-docs-'));
let failed = 0;
try {
  for (const document of process.argv.length > 2 ? process.argv.slice(2) : rehearsedDocuments) await check(document);
} finally {
  await rm(work, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

async function check(document: string): Promise<void> {
  const text = await readFile(join(repository, document), 'utf8');
  const blocks = blocksOf(text).filter(({ language }) => language === 'sh');
  const scripts = blocks.map((block) => block.text.split('\n').filter((line) => !checkedByCi.includes(line)));
  if (scripts.every((lines) => lines.length === 0))
    return console.log(`passed  ${document}: .ci/run runs its commands`);

  const clone = await cloneInto(join(work, document.replaceAll('/', '-')));
  let service: ChildProcess | undefined;
  try {
    for (const lines of scripts) {
      if (lines.some((line) => line === 'npm start' || line.includes(`localhost:${servicePort}`))) {
        service ??= await startService(clone);
      }
      const script = lines.filter((line) => line !== 'npm start').join('\n');
      if (script !== '') await runScript(document, clone, script);
    }
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${document}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    if (service !== undefined) await stop(service);
    await run('node', ['bin/trireme.mjs', 'emulator', 'down'], { cwd: clone });
  }
}

async function cloneInto(folder: string): Promise<string> {
  await run('git', ['clone', '--quiet', repository, folder]);
  for (const [key, value] of Object.entries({ 'user.name': 'Dana', 'user.email': 'dana@example.com' })) {
    await run('git', ['-C', folder, 'config', key, value]);
  }
  await appendFile(join(folder, '.git/info/exclude'), 'node_modules\n');
  await linkPackages(repository, folder);
  return folder;
}

async function runScript(document: string, clone: string, script: string): Promise<void> {
  const began = performance.now();
  // A page that answers with an error is no success, whatever curl thinks.
  const strict = script.replace(/^curl /gm, 'curl --fail-with-body ');
  const options = { cwd: clone, timeout: blockSeconds * 1000, maxBuffer: 64 * 1024 * 1024 };
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(0).padStart(3)} s`;
  try {
    await run('bash', ['-euo', 'pipefail', '-c', strict], options);
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    console.log(`${script}\n${stdout}${stderr}`);
    throw new Error(`after ${seconds()}, expected exit code 0 of the commands above`, { cause: error });
  }
  console.log(`passed ${seconds()}  ${document}: ${script.split('\n').join('; ').slice(0, 120)}`);
}

async function startService(clone: string): Promise<ChildProcess> {
  if (await isTaken(servicePort)) throw new Error(`expected port ${servicePort} to be free; found a listener`);
  // A group of its own: npm does not hand on every signal.
  const service = spawn('npm', ['start'], { cwd: clone, detached: true, stdio: ['ignore', 'inherit', 'inherit'] });
  const until = performance.now() + startSeconds * 1000;
  while (performance.now() < until && service.exitCode === null) {
    const status = await fetch(`http://127.0.0.1:${servicePort}${readyPath}`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return service;
    await sleep(100);
  }
  await stop(service);
  throw new Error(`npm start: expected ${readyPath} to answer 200 within ${startSeconds} s`);
}

async function stop(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null || service.pid === undefined) return;
  const ended = once(service, 'exit');
  process.kill(-service.pid, 'SIGTERM');
  await ended;
  // npm is gone before the service has drained.
  while (await isTaken(servicePort)) await sleep(100);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}
