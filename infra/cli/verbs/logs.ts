// `trireme logs`: what services and their platforms said, from each cloud's own log service, side by side.
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from '../../contract/errors.ts';
import type { LogLine } from '../../contract/logs.ts';
import type { RuntimeName } from '../../contract/service.ts';
import type { Stack } from '../../contract/stack.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { sinceMs } from '../since.ts';
import { readWiredStacks, wireLogs } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly since: string;
  readonly from?: string;
  readonly follow?: boolean;
  readonly json?: boolean;
}

interface StackLine extends LogLine {
  readonly stack: Stack['name'];
}

export const logs: Verb = (cli) =>
  withSelection(verb('logs', 'Shows what services and their platforms said, on every runtime'), 'dev')
    .option('--since <time>', 'a span such as 15m or 24h, or a date', '15m')
    .option('--from <who>', 'only `platform` (deployments, probes) or only `container` (the application)')
    .option('--follow', 'go on until Ctrl-C')
    .action(async (options: Options) => {
      const from = whoOf(options.from);
      if (options.follow === true && options.json === true) {
        throw new DeliveryError('usage', 'expected --follow or --json; found both', {
          hint: '--json is one document, and following never ends',
        });
      }
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, 'dev');
      const targets = files.stacks.filter(
        ({ stack }) => stack.environment === environment && (stacks?.includes(stack.name) ?? true),
      );
      const startMs = sinceMs(options.since, Date.now());
      const read = await reader(cli, targets, from);
      const lines = await read(startMs, Date.now());
      if (options.json !== true) print(cli, lines);
      if (options.follow === true) await follow(cli, read, lines);
      cli.end({
        sentence: `${lines.length} ${lines.length === 1 ? 'line' : 'lines'} since ${new Date(startMs).toISOString()} from ${targets.map(({ stack }) => stack.name).join(', ')}`,
        next:
          lines.length === 0
            ? `npx trireme logs --environment ${environment} --since 24h`
            : `npx trireme status --environment ${environment}`,
        json: { environment, since: new Date(startMs).toISOString(), lines },
      });
    });

function whoOf(word: string | undefined): LogLine['from'] | undefined {
  if (word === undefined || word === 'platform' || word === 'container') return word;
  throw new DeliveryError('usage', `expected --from platform or --from container; found \`${word}\``);
}

type Read = (fromMs: number, toMs: number) => Promise<readonly StackLine[]>;

/** A stack that was never deployed has said nothing; one that can't be read is an error, so that silence is never mistaken. */
async function reader(
  cli: Cli,
  targets: readonly { readonly stack: Stack; readonly runtime: RuntimeName }[],
  from: LogLine['from'] | undefined,
): Promise<Read> {
  const { deployed, readers } = await wireLogs(cli.environment, cli.output.report);
  const found = await Promise.all(
    targets.map(async (target) => ({ ...target, service: await deployed(target.stack) })),
  );
  for (const { stack, service } of found) {
    if (service === undefined) cli.output.talk(`${stack.name}: nothing is deployed there`, 'yellow');
  }
  return async (fromMs, toMs) => {
    const all = await Promise.all(
      found.map(async ({ stack, runtime, service }) =>
        service === undefined
          ? []
          : (await readers[runtime].read(service, { fromMs, toMs })).map((line) => ({ stack: stack.name, ...line })),
      ),
    );
    return all
      .flat()
      .filter((line) => from === undefined || line.from === from)
      .sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
  };
}

/** Log services tell of a line late and not in order: each look goes back this far, and what was shown is not shown again. */
const overlapMilliseconds = 30_000;

/** A log service is away for a minute and comes back; one that stays away is an error. */
const mostRefusals = 30;

/** Until the signal. @throws what reading throws, once it was refused too often in a row. */
export async function follow(
  cli: Pick<Cli, 'output' | 'signal'>,
  read: Read,
  shownBefore: readonly StackLine[],
  everyMilliseconds = 2000,
): Promise<void> {
  let shown = new Set(shownBefore.map(keyOf));
  let since = Date.now();
  let refusals = 0;
  while (!cli.signal.aborted) {
    await sleep(everyMilliseconds, undefined, { signal: cli.signal }).catch(() => {});
    if (cli.signal.aborted) return;
    const now = Date.now();
    let lines: readonly StackLine[];
    try {
      lines = await read(since - overlapMilliseconds, now);
    } catch (error) {
      refusals++;
      if (!(error instanceof DeliveryError) || refusals > mostRefusals) throw error;
      if (refusals === 1) cli.output.talk(`${error.message}: asking again`, 'yellow');
      continue;
    }
    [since, refusals] = [now, 0];
    print(
      cli,
      lines.filter((line) => !shown.has(keyOf(line))),
    );
    shown = new Set(lines.map(keyOf));
  }
}

function keyOf({ stack, atMs, from, text }: StackLine): string {
  return `${stack} ${atMs} ${from} ${text}`;
}

function print({ output }: Pick<Cli, 'output'>, lines: readonly StackLine[]): void {
  for (const { stack, atMs, from, text } of lines) {
    const at = atMs === undefined ? ' '.repeat(24) : new Date(atMs).toISOString();
    output.data(`${output.paint(at, 'dim')}  ${stack.padEnd(10)}  ${from.padEnd(9)}  ${text}`);
  }
}
