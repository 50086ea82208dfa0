// `trireme emulator up|down|status`: the three clouds on this machine, for trireme, plain Pulumi and any script.
import { mkdir } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Command } from 'commander';
import { DeliveryError } from '../../contract/errors.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import {
  askEmulator,
  defaultTimeScale,
  emulatorDirectory,
  runInForeground,
  runningEmulator,
  startDetached,
  stopEmulator,
} from '../emulated-clouds.ts';
import { table } from '../output.ts';
import { preparePlainPulumi } from '../plain-pulumi.ts';

export const emulator: Verb = (cli) => {
  const command = verb('emulator', 'Runs the emulated clouds: registries, control planes, runtimes and providers');
  for (const child of [up(cli), down(cli), status(cli)]) command.addCommand(child);
  return command;
};

function up(cli: Cli): Command {
  return verb('up', 'Starts them and says how to call them')
    .option(
      '--time-scale <factor>',
      "how many times shorter a platform's own waiting is; 1 is real time",
      String(defaultTimeScale),
    )
    .option('--foreground', 'run here until Ctrl-C')
    .action(async (options: { readonly timeScale: string; readonly foreground?: boolean }) => {
      const timeScale = scaleOf(options.timeScale);
      const directory = emulatorDirectory(cli.environment);
      const already = await runningEmulator(directory);
      if (already !== undefined) {
        throw new DeliveryError('refused', `the emulated clouds run already, as process ${already.pid}`, {
          hint: 'stop them first: npx trireme emulator down',
        });
      }
      await makeDirectory(directory);
      const settings = { timeScale, foreground: options.foreground === true };
      if (settings.foreground) {
        const code = await runInForeground(cli.environment, settings, cli.signal);
        cli.end({ code: code === 0 ? undefined : 'failed', sentence: 'the emulated clouds ended', json: { code } });
        return;
      }
      const { pid, url } = await startDetached(cli.environment, settings, cli.signal);
      const pulumi = await preparePlainPulumi(cli.environment, cli.output.report, cli.signal);
      cli.output.talk(
        'empty clouds, and a ledger of their own: every verb works on them now. For plain Pulumi, in any terminal:',
      );
      cli.output.talk(`  source ${relative(process.cwd(), pulumi.activate)}`);
      cli.output.talk('  pulumi preview -s gcp-dev');
      cli.end({
        sentence: `the emulated clouds run as process ${pid}, a platform's waiting ${timeScale} times shorter`,
        next: 'npx trireme release, and to stop them: npx trireme emulator down',
        json: { pid, url, timeScale, environmentFile: `${directory}/emulator.env`, ...pulumi },
      });
    });
}

function down(cli: Cli): Command {
  return verb('down', 'Stops them; the next ones start empty, the ledger stays').action(async () => {
    const stopped = await stopEmulator(cli.environment, cli.signal);
    const sentence = stopped
      ? 'the emulated clouds stopped, and what they ran is gone; the ledger stays'
      : 'the emulated clouds did not run';
    cli.end({ sentence, next: 'npx trireme emulator up', json: { stopped } });
  });
}

function status(cli: Cli): Command {
  return verb('status', 'Says whether they run, and what they run').action(
    async (options: { readonly json?: boolean }) => {
      const running = await runningEmulator(emulatorDirectory(cli.environment));
      const found = running === undefined ? undefined : await askEmulator(running.url, 'GET', '/status');
      if (found === undefined) {
        throw new DeliveryError('emulator-missing', 'the emulated clouds do not run', {
          hint: 'npx trireme emulator up',
        });
      }
      if (options.json !== true) {
        const rows = found.services.map(({ cloud, name, endpoint, image }) => [
          cloud,
          name,
          endpoint,
          image ?? 'nothing',
        ]);
        cli.output.data(table([['cloud', 'service', 'endpoint', 'image'], ...rows]));
      }
      cli.end({
        sentence: `the emulated clouds run as process ${found.pid} with ${found.services.length} services`,
        json: { ...found },
      });
    },
  );
}

function scaleOf(word: string): number {
  const scale = Number(word);
  if (Number.isFinite(scale) && scale >= 1) return scale;
  throw new DeliveryError('usage', `expected --time-scale with a number from 1; found \`${word}\``);
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true }).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('state-unwritable', `expected to make ${directory}; found ${why}`, { cause });
  });
}
