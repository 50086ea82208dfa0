// What other people serve the same model with, as Python processes: the same weights, the same records, each started as its documents say.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pythonEnvironment } from '../python.ts';
import { type Asked, freePort, type RunningServer, startServer } from './server.ts';

const scripts = path.join(import.meta.dirname, 'peers');
/** One process on one core, like ours: what these start more of would be counted, and slows a model this small. */
const environment = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', PYTHONPATH: scripts };

/** @returns the `bin` folders of the two environments. @throws Error of pip. */
export function installPeers(talk: (line: string) => void): { readonly sklearn: string; readonly mlserver: string } {
  const environmentOf = (name: string) =>
    pythonEnvironment(path.join(scripts, `requirements-${name}.txt`), `peers-${name}`, talk);
  return { sklearn: environmentOf('sklearn'), mlserver: environmentOf('mlserver') };
}

export async function startFastapi(
  bin: string,
  model: string,
  isBatching: boolean,
  asked: Asked,
): Promise<RunningServer> {
  const port = await freePort();
  const words = [path.join(scripts, 'fastapi_app.py'), String(port), model, ...(isBatching ? ['batching'] : [])];
  return startServer({ command: [path.join(bin, 'python'), ...words], cwd: model, env: environment, port }, asked);
}

/** @param folder a place for its settings. */
export async function startMlserver(bin: string, model: string, folder: string, asked: Asked): Promise<RunningServer> {
  mkdirSync(folder, { recursive: true });
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const words = [path.join(scripts, 'mlserver_folder.py'), folder, model, ...ports.map(String)];
  execFileSync(path.join(bin, 'python'), words, { env: environment, stdio: ['ignore', 2, 2] });
  const command = [path.join(bin, 'mlserver'), 'start', folder] as const;
  return startServer({ command: [...command], cwd: folder, env: environment, port: ports[0] }, asked);
}

export interface InProcess {
  readonly child: ChildProcess;
  /** @returns rows per CPU-second. */
  slice(rows: number, milliseconds: number): Promise<number>;
}

/** scikit-learn's `predict_proba` without a service around it. */
export async function startInProcess(bin: string, model: string): Promise<InProcess> {
  const child = spawn(path.join(bin, 'python'), [path.join(scripts, 'in_process.py'), model], {
    env: environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('in_process.py ended; what it said stands above');
    return String(value);
  };
  await next();
  return {
    child,
    async slice(rows, milliseconds) {
      child.stdin.write(`${milliseconds} ${rows}\n`);
      return Number(await next());
    },
  };
}
