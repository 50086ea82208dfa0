// One instance of a container: the image's own entrypoint as a child process of the emulator.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { type Container, environmentOf, listeningPort, type UnpackedImage } from './container.ts';
import { freePort } from './free-port.ts';
import { BoundedLog } from './log.ts';
import type { ProcessRecord } from './process-record.ts';

const parentWatch = fileURLToPath(new URL('./parent-watch.cjs', import.meta.url));

export class Instance {
  readonly log: BoundedLog;
  /** Where the platform reaches it. */
  readonly port: number;
  /** Settles once, with how it ended: `exited with code 1`, `was killed by SIGKILL`. */
  readonly ended: Promise<string>;
  readonly pid: number | undefined;
  running = true;
  #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, processes: ProcessRecord, heard: (line: string) => void) {
    this.log = new BoundedLog(heard);
    this.#child = child;
    this.port = port;
    this.pid = child.pid;
    // An unread pipe would stop the application once it is full.
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.log.append(text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.log.append(text));
    const watch = child.stdio[3] as Duplex | null | undefined;
    watch?.on('error', () => {});
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        this.running = false;
        if (child.pid !== undefined) processes.remove(child.pid);
        resolve(how);
      };
      child.once('error', (error) => end(`could not be started: ${error.message}`));
      child.once('exit', (code, signal) =>
        end(signal === null ? `exited with code ${code}` : `was killed by ${signal}`),
      );
    });
  }

  /**
   * @param heard is told of each line the container writes.
   * @throws Error when the image names no program that this machine can run.
   */
  static async start(
    container: Container,
    image: UnpackedImage,
    processes: ProcessRecord,
    heard: (line: string) => void,
  ): Promise<Instance> {
    const [port, reachable] = await remappedPort(listeningPort(container, image.config) === container.port);
    const child = spawn(process.execPath, ['--require', parentWatch, ...programOf(container, image)], {
      cwd: inside(image, image.config.workingDirectory),
      env: environmentOf(container, image.config, port),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) processes.add(child.pid);
    return new Instance(child, reachable, processes, heard);
  }

  /** SIGTERM, and SIGKILL for what is still there after `drainSeconds`. Resolves when the process is gone. */
  async stop(drainSeconds: number): Promise<void> {
    if (!this.running) return;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), drainSeconds * 1000);
    await this.ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    if (this.running) this.#child.kill('SIGKILL');
    await this.ended;
  }
}

/**
 * The image's entrypoint and command with `node` replaced by this machine's own: an image without an operating system brings none.
 * Absolute paths of the image are found under its unpacked root.
 */
function programOf(container: Container, image: UnpackedImage): string[] {
  const entrypoint = container.entrypoint ?? image.config.entrypoint;
  // As container engines do: another entrypoint drops the image's command.
  const command = container.command ?? (container.entrypoint === undefined ? image.config.command : []);
  const [program, ...args] = [...entrypoint, ...command];
  if (program === undefined || basename(program) !== 'node') {
    throw new Error(`expected an image whose entrypoint is \`node\`; found \`${program ?? ''}\``);
  }
  return args.map((arg) => (arg.startsWith('/') && existsSync(inside(image, arg)) ? inside(image, arg) : arg));
}

function inside(image: UnpackedImage, path: string): string {
  return join(image.directory, path);
}

/** @returns where the process listens, and where the platform looks for it: a port without a listener when they disagree. */
async function remappedPort(agreed: boolean): Promise<[port: number, reachable: number]> {
  const port = await freePort();
  return [port, agreed ? port : await freePort()];
}
