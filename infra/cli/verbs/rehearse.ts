// `trireme rehearse`: the whole journey on emulated clouds, a failure and a rollback included.
import { Command, InvalidArgumentError, Option } from 'commander';
import { engineOf, engines } from '../../image/engine.ts';
import type { ControlName } from '../../rehearsal/controls.ts';
import type { Verb } from '../cli.ts';
import { defaultTimeScale } from '../emulated-clouds.ts';

interface Options {
  readonly json?: string;
  readonly approveAs?: string;
  readonly ask?: boolean;
  readonly keep?: boolean;
  readonly engine?: string;
  readonly ca?: string;
  readonly timeScale: number;
  readonly control?: ControlName;
}

export const rehearse: Verb = (cli) =>
  new Command('rehearse')
    .description('The whole journey on emulated clouds: three releases, approvals, a failure, a rollback')
    .option('--approve-as <name>', 'approves every promotion under this name; without it a terminal is asked')
    .option('--ask', 'ask on a terminal although --approve-as is given')
    .option('--engine <engine>', `build the Dockerfile with ${engines.join(', ')} (default: no engine is needed)`)
    .option('--ca <file>', 'with --engine: certificates of an authority of your own')
    .option('--keep', 'leave the emulated clouds running, and say how to use them')
    .option('--json <file>', 'write the report there')
    .option('--time-scale <factor>', "how many times shorter the platforms' own waiting is", positive, defaultTimeScale)
    .addOption(
      new Option('--control <name>', 'spoil it on purpose: the rehearsal must notice').choices([
        'drain-off',
        'altered-layer',
        'stale-image',
        'changed-golden',
        'edited-manifest',
      ]),
    )
    .action(async (options: Options) => {
      const { rehearse: run } = await import('../../rehearsal/main.ts');
      const { environment, output, signal, interactive } = cli;
      const report = await run({
        project: environment.checkout,
        shell: environment.shell,
        screen: {
          write: (text) => process.stderr.write(text),
          isTTY: process.stderr.isTTY === true,
          get columns() {
            return process.stderr.columns ?? 100;
          },
          colour: process.stderr.hasColors?.() === true,
        },
        interactive,
        approveAs: options.approveAs,
        ask: options.ask === true,
        jsonFile: options.json,
        keep: options.keep === true,
        timeScale: options.timeScale,
        build: { engine: engineOf(options.engine), certificates: options.ca },
        control: options.control,
        signal,
        print: (text) => output.data(text),
      });
      const bad = report.steps.find(({ outcome }) => outcome !== 'passed');
      const again = options.keep === true ? undefined : 'npx trireme rehearse --keep, and call the clouds yourself';
      cli.end({
        code: report.ok ? undefined : bad?.outcome === 'errored' ? 'errored' : 'failed',
        sentence: report.ok
          ? `the rehearsal passed: every one of ${report.steps.length} steps was observed`
          : `the rehearsal ended at \`${bad?.name}\`: ${bad?.outcome}: ${bad?.reason}`,
        next: report.ok ? again : undefined,
      });
    });

function positive(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('expected a number above 0');
}
