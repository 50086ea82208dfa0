// A tiny application as an unpacked image, and a runtime host to run it: for tests of everything above the registries.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cloud } from '../../../contract/stack.ts';
import type { Container, UnpackedImage } from '../../../emulator/runtimes/container.ts';
import type { FrontDoorRules } from '../../../emulator/runtimes/front-door.ts';
import { type Faults, type Images, RuntimeHost } from '../../../emulator/runtimes/host.ts';
import { ProcessRecord } from '../../../emulator/runtimes/process-record.ts';

/** Behaves as its variables say: what a test needs a container to do, good and bad. */
const application = `
const { createServer } = require('node:http');
const { BUILD, BEHAVIOUR = 'good', PORT, HOST } = process.env;
if (BEHAVIOUR === 'exits') { console.error('setting MISSING is required'); process.exit(1); }
let asked = 0;
const server = createServer((request, response) => {
  if (BEHAVIOUR === 'closes') response.setHeader('connection', 'close');
  const url = new URL(request.url, 'http://x');
  if (url.pathname === '/ready') { response.statusCode = BEHAVIOUR === 'never-ready' ? 503 : 200; return response.end(); }
  if (url.pathname === '/crash') return process.exit(3);
  if (url.pathname === '/burn') {
    const until = Date.now() + Number(url.searchParams.get('wait'));
    const burn = () => { const slice = Date.now() + 40; while (Date.now() < slice); if (Date.now() < until) setImmediate(burn); else response.end(); };
    return burn();
  }
  if (url.pathname === '/environment') return response.end(JSON.stringify({ environment: process.env, headers: request.headers, pid: process.pid, cwd: process.cwd(), execArgv: process.execArgv }));
  if (BEHAVIOUR === 'sick' && ++asked % 10 < 3) { response.statusCode = 500; return response.end(); }
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => setTimeout(() => response.end(BUILD + ' ' + Buffer.concat(chunks).length), Number(url.searchParams.get('wait') ?? 0)));
});
if (BEHAVIOUR === 'short-idle') server.keepAliveTimeout = 1, server.keepAliveTimeoutBuffer = 0;
if (BEHAVIOUR !== 'silent') server.listen(Number(PORT), HOST);
else setInterval(() => {}, 1000);
process.on('SIGTERM', () => {
  if (BEHAVIOUR === 'stubborn') return;
  if (BEHAVIOUR === 'rude') process.exit(0);
  server.close(() => process.exit(0));
});
`;

export interface Bench {
  readonly host: RuntimeHost;
  readonly directory: string;
  /** What was pulled, in order: the reference whose bytes ran. */
  readonly pulled: string[];
  /** From now on its application ends at once. */
  breakImage(build: string): Promise<void>;
  stop(): Promise<void>;
}

/** Every image reference ends with what the application reports as its build. */
export async function bench(
  options: { readonly timeScale?: number; readonly faults?: Faults; readonly leastScalingSeconds?: number } = {},
): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'trireme-runtimes-'));
  const pulled: string[] = [];
  const images: Images = {
    async pull(_cloud: Cloud, imageRef: string): Promise<UnpackedImage> {
      pulled.push(imageRef);
      const build = imageRef.split(':').at(-1) ?? '';
      if (build === 'missing') throw new Error(`${imageRef} was not found`);
      const root = join(directory, build);
      await mkdir(join(root, 'srv'), { recursive: true });
      await writeFile(join(root, 'srv/server.cjs'), application);
      return {
        digest: build,
        directory: root,
        config: {
          entrypoint: ['node', 'server.cjs'],
          command: [],
          variables: { BUILD: build, BEHAVIOUR: build.split('-').slice(1).join('-') || 'good' },
          workingDirectory: '/srv',
          exposedPort: 8080,
        },
      };
    },
  };
  const processes = new ProcessRecord(join(directory, 'processes'));
  const host = new RuntimeHost({
    images,
    processes,
    timeScale: options.timeScale ?? 100,
    leastStartSeconds: 2,
    ...(options.leastScalingSeconds === undefined ? {} : { leastScalingSeconds: options.leastScalingSeconds }),
    ...(options.faults === undefined ? {} : { faults: options.faults }),
  });
  return {
    host,
    directory,
    pulled,
    breakImage: (build) => writeFile(join(directory, build, 'srv/server.cjs'), 'process.exit(1)'),
    async stop() {
      await host.stop(1);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export function container(build: string, changes: Partial<Container> = {}): Container {
  return {
    imageRef: `registry.example/app:${build}`,
    port: 8080,
    injectsPort: true,
    variables: {},
    instances: 1,
    probe: {
      target: { kind: 'http', path: '/ready', accepts: (status) => status === 200 },
      initialDelaySeconds: 0,
      periodSeconds: 0.1,
      timeoutSeconds: 2,
      limitSeconds: 15,
    },
    drainSeconds: 3,
    ...changes,
  };
}

export const rules: FrontDoorRules = {
  requestDeadlineSeconds: 30,
  bodyLimitBytes: null,
  concurrency: null,
  requestHeaders: () => ({ 'x-request-id': 'from the front door' }),
  unavailable: { status: 503, body: 'none is ready' },
  saturated: { status: 503, body: 'all are busy' },
};
