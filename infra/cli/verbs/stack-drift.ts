// `trireme stack-drift`: is what runs what was declared? Reads stacks, ledger, control planes and services; writes nothing anywhere.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DeliveryError, type DeliveryErrorCode } from '../../contract/errors.ts';
import {
  type DriftOutcome,
  gathered,
  type StackDrift,
  stackDrift as schema,
  worstDrift,
} from '../../delivery/drift.ts';
import { lookForDrift } from '../../delivery/stack-drift.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../output.ts';
import { type Selection, type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import type { StackFiles } from '../stack-files.ts';
import { readWiredStacks, tellDrift, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly from?: string;
  readonly tell?: boolean;
  readonly json?: boolean;
}

export const stackDrift: Verb = (cli) =>
  withSelection(
    verb('stack-drift', 'Is what runs what was declared? Reads everything, changes nothing, records nothing'),
    'prod',
  )
    .option('--from <directory>', 'look at nothing: put together what other runs of this verb wrote there with --json')
    .option('--tell', 'tell whoever listens at TRIREME_NOTICE_WEBHOOK what differs, or that nobody could look')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const selection = selectionOf(options, files.stacks, 'prod');
      const stacks =
        options.from === undefined
          ? await look(cli, files, selection)
          : gathered(expectedOf(options, files, selection), await looksIn(cli, options.from));
      if (options.json !== true) cli.output.data(driftText(stacks));
      const outcome = worstDrift(stacks);
      if (options.tell === true) await tellDrift(cli.environment, stacks);
      const drifted = stacks.filter((one) => one.outcome === 'drift').map(({ stack }) => stack);
      const waits = stacks.filter(({ waiting = [] }) => waiting.length > 0).map(({ stack }) => stack);
      const sentence: Readonly<Record<DriftOutcome, string>> = {
        none: `no drift: ${stacks.map(({ stack }) => stack).join(', ')}${waits.length === 0 ? '' : `; waiting for a release: ${waits.join(', ')}`}`,
        drift: `drift: ${drifted.join(', ')}`,
        unknown: `could not tell: ${stacks.flatMap(({ untold }) => untold)[0] ?? 'no stack was looked at'}`,
      };
      cli.end({
        code: codes[outcome],
        sentence: sentence[outcome],
        next: nextFor(stacks, outcome),
        json: { outcome, stacks },
      });
    });

const codes: Readonly<Record<DriftOutcome, DeliveryErrorCode | undefined>> = {
  none: undefined,
  drift: 'failed',
  unknown: 'errored',
};

/** Exit code 1 says drift here, and nothing else does: whatever keeps it from looking is `could not tell`. */
async function look(cli: Cli, files: StackFiles, { environment, stacks }: Selection): Promise<readonly StackDrift[]> {
  try {
    const delivery = await wireDelivery(cli.environment, files, cli.output.report);
    return await lookForDrift(delivery, environment, { stacks, signal: cli.signal });
  } catch (error) {
    if (!(error instanceof DeliveryError) || exitCodes[error.code] !== exitCodes.failed) throw error;
    throw new DeliveryError('errored', error.message, { hint: error.hint, cause: error });
  }
}

/** Without a word of where, all stacks of all environments. */
function expectedOf(options: Options, files: StackFiles, { environment, stacks }: Selection) {
  const named = options.environment !== undefined || stacks !== undefined;
  return files.stacks
    .map(({ stack }) => stack)
    .filter((stack) => !named || stack.environment === environment)
    .map(({ name }) => name)
    .filter((name) => stacks === undefined || stacks.includes(name));
}

const document = z.looseObject({ stacks: z.array(schema) });

/** A run that ended in an error wrote no stacks; theirs are then missing. */
async function looksIn(cli: Cli, directory: string): Promise<readonly StackDrift[]> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const looks: StackDrift[] = [];
  for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
    const parsed = document.safeParse(parsedJson(await readFile(join(directory, name), 'utf8')));
    if (parsed.success) looks.push(...parsed.data.stacks);
    else cli.output.talk(`${name}: expected what \`stack-drift --json\` writes; left out`, 'yellow');
  }
  return looks;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function driftText(stacks: readonly StackDrift[]): string {
  const rows = stacks.flatMap(({ stack, outcome, findings, untold, waiting = [] }) => [
    ...(outcome === 'drift'
      ? findings.map(({ where, field, declared, found }) => [stack, where, field, declared, found])
      : [[stack, outcome === 'none' ? 'no drift' : 'unknown', '', '', untold[0] ?? '']]),
    ...waiting.map((one) => [stack, 'waiting', '', '', one]),
  ]);
  return table([['stack', 'where', 'field', 'declared', 'found'], ...rows]);
}

/** What somebody deployed outside is for people to judge; what somebody changed in the cloud can be put back as it was approved. */
export function nextFor(stacks: readonly StackDrift[], outcome: DriftOutcome): string {
  const worst = stacks.find((one) => one.outcome === outcome);
  if (worst === undefined) return 'npx trireme status';
  if (outcome === 'unknown') return `npx trireme verify --stack ${worst.stack}`;
  if (outcome === 'none') {
    const waits = stacks.some(({ waiting = [] }) => waiting.length > 0);
    return waits ? 'npx trireme release, which takes it to each stack by its road' : 'npx trireme status';
  }
  const outside = worst.findings.some(({ where }) => where === 'outputs');
  return outside
    ? `npx trireme history --environment ${worst.stack.split('-')[1]}, then npx trireme status: somebody deployed there outside the ledger`
    : `npx trireme restore --stack ${worst.stack} --reason "<what was changed>"`;
}
