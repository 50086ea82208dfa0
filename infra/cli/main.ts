// The command line of everything that moves the image: one verb, loaded when it is asked for; errors become sentences and exit codes.
import { CommanderError } from 'commander';
import { DeliveryError } from '../contract/errors.ts';
import { nearest } from '../contract/stack.ts';
import type { Cli, Ending, Verb } from './cli.ts';
import { readEnvironment, type Variables } from './environment.ts';
import { exitBug, exitCodes, exitDone } from './exit-codes.ts';
import { createOutput, type Output } from './output.ts';
import { quietWarnings } from './quiet-warnings.ts';
import { refusedByDisk } from './refused-by-disk.ts';
import { usageError } from './usage.ts';

const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  release: async () => (await import('./verbs/release.ts')).release,
  preview: async () => (await import('./verbs/preview.ts')).preview,
  deploy: async () => (await import('./verbs/deploy.ts')).deploy,
  verify: async () => (await import('./verbs/verify.ts')).verify,
  promote: async () => (await import('./verbs/promote.ts')).promote,
  approve: async () => (await import('./verbs/approve.ts')).approve,
  hold: async () => (await import('./verbs/hold.ts')).hold,
  unhold: async () => (await import('./verbs/hold.ts')).unhold,
  freeze: async () => (await import('./verbs/freeze.ts')).freeze,
  thaw: async () => (await import('./verbs/freeze.ts')).thaw,
  recover: async () => (await import('./verbs/recover.ts')).recover,
  rollback: async () => (await import('./verbs/rollback.ts')).rollback,
  restore: async () => (await import('./verbs/restore.ts')).restore,
  rotate: async () => (await import('./verbs/rotate.ts')).rotate,
  status: async () => (await import('./verbs/status.ts')).status,
  history: async () => (await import('./verbs/history.ts')).history,
  audit: async () => (await import('./verbs/audit.ts')).audit,
  logs: async () => (await import('./verbs/logs.ts')).logs,
  metrics: async () => (await import('./verbs/metrics.ts')).metrics,
  'stack-drift': async () => (await import('./verbs/stack-drift.ts')).stackDrift,
  destroy: async () => (await import('./verbs/destroy.ts')).destroy,
  bootstrap: async () => (await import('./verbs/bootstrap.ts')).bootstrap,
  cost: async () => (await import('./verbs/cost.ts')).cost,
  doctor: async () => (await import('./verbs/doctor.ts')).doctor,
  emulator: async () => (await import('./verbs/emulator.ts')).emulator,
  'live-check': async () => (await import('./verbs/live-check.ts')).liveCheck,
  rehearse: async () => (await import('./verbs/rehearse.ts')).rehearse,
};

/** What stands in for this process's own: another checkout, other variables of the shell. */
export interface Place {
  readonly checkout?: string;
  readonly shell?: Variables;
}

/** Runs one verb. @param argv the verb and its arguments. @returns the exit code of DESIGN 6; never throws. */
export async function main(argv: readonly string[], place: Place = {}): Promise<number> {
  const output = createOutput();
  quietWarnings();
  // The rehearsal's own `--json` names a file, and stdout is for people then.
  const json = argv.includes('--json') && argv[0] !== 'rehearse';
  const interruption = catchInterruption(output);
  try {
    const ending = await run(argv, place, output, interruption.signal);
    return ending === undefined ? exitDone : tell(output, ending, json);
  } catch (error) {
    return explain(output, interruption.signal.aborted ? interrupted(error) : (refusedByDisk(error) ?? error), json);
  } finally {
    interruption.release();
    output.stop();
  }
}

async function run(
  argv: readonly string[],
  { checkout, shell }: Place,
  output: Output,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  const [name = '', ...rest] = argv;
  const load = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (load === undefined) {
    const meant = nearest(name, Object.keys(verbs));
    throw new DeliveryError('usage', `expected a verb; found \`${name}\``, {
      hint: meant === undefined ? 'see all verbs: npx trireme --help' : `did you mean \`npx trireme ${meant}\`?`,
    });
  }
  const definition = await load();
  let ending: Ending | undefined;
  const cli: Cli = {
    environment: await readEnvironment((line) => output.talk(line, 'dim'), shell, checkout),
    output,
    signal,
    interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
    end: (how) => {
      ending = how;
    },
  };
  const command = definition(cli)
    .name(`trireme ${name}`)
    .exitOverride()
    .configureOutput({ writeOut: (text) => output.data(text), writeErr: () => {} });
  for (const child of command.commands) child.copyInheritedSettings(command);
  try {
    await command.parseAsync([...rest], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode !== 0) throw usageError(error, command, rest);
    throw error;
  }
  return ending;
}

function tell(output: Output, { code, sentence, next, json }: Ending, asJson: boolean): number {
  if (asJson && json !== undefined) output.data(JSON.stringify({ ok: code === undefined, ...json }, null, 2));
  output.talk(sentence, code === undefined ? 'green' : 'red');
  if (next !== undefined) output.talk(`next: ${next}`);
  return code === undefined ? exitDone : exitCodes[code];
}

/** A person's error is a sentence and a hint; anything else is a bug and shows where. */
function explain(output: Output, error: unknown, asJson: boolean): number {
  // Help was asked for, and shown.
  if (error instanceof CommanderError && error.exitCode === 0) return exitDone;
  if (error instanceof DeliveryError) {
    const { code, message, hint } = error;
    if (asJson) output.data(JSON.stringify({ ok: false, error: { code, message, hint } }, null, 2));
    output.talk(message, 'red');
    if (hint !== undefined) output.talk(hint);
    return exitCodes[code];
  }
  if (asJson) output.data(JSON.stringify({ ok: false, error: { code: 'bug', message: String(error) } }, null, 2));
  output.talk(error instanceof Error ? (error.stack ?? error.message) : String(error));
  output.talk('this is a bug in trireme: please report it with the lines above', 'red');
  return exitBug;
}

function interrupted(error: unknown): DeliveryError {
  if (error instanceof DeliveryError && error.code === 'interrupted') return error;
  return new DeliveryError('interrupted', 'interrupted', {
    cause: error,
    hint: 'see what was left: npx trireme status',
  });
}

/** The first Ctrl-C stops what runs and waits for it; the second one leaves at once. */
function catchInterruption(output: Output): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    output.talk('interrupted: stopping what runs; once more to leave at once', 'yellow');
    controller.abort(new DeliveryError('interrupted', 'interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
