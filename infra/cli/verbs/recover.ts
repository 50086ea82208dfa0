// `trireme recover`: with a stack, mends its state; otherwise, after lost jobs, reads what really runs, proves it, and tells the ledger; deploys nothing but the end of a share.
import { DeliveryError } from '../../contract/errors.ts';
import { lastEnvironment } from '../../contract/stack.ts';
import { type Recovered, recover as recoverEnvironment } from '../../delivery/recover.ts';
import { type Verb, verb } from '../cli.ts';
import { table } from '../output.ts';
import { type RecoverStateOptions, recoverState } from '../recover-state.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions, RecoverStateOptions {}

export const recover: Verb = (cli) =>
  withSelection(
    verb(
      'recover',
      'Finds out what runs where a job was lost, and tells the ledger; with a stack, mends its Pulumi state',
    ),
    lastEnvironment,
  )
    .argument('[stack]', 'a stack or foundation whose Pulumi state is to be looked at: gcp-dev, aws-foundation')
    .option('--gone', 'the jobs are known to be gone, however lately they spoke')
    .option('--id <name=id...>', 'of a resource in that state: its id, where only the vendor knows it')
    .option('--yes', 'mend that state without asking')
    .action(async (name: string | undefined, options: Options) => {
      if (name !== undefined) return recoverState(cli, name, options);
      assertAboutJobs(options);
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, lastEnvironment);
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const found = await recoverEnvironment(delivery, environment, { stacks, gone: options.gone, signal: cli.signal });
      if (options.json !== true) cli.output.data(textOf(found));
      const open = found.filter(({ outcome }) => outcome === 'busy' || outcome === 'unknown');
      const names = open.map(({ stack }) => stack).join(', ');
      cli.end({
        code: open.length === 0 ? undefined : 'errored',
        sentence: open.length === 0 ? knownInWords(environment, found) : `could not tell about ${names}`,
        next: nextFor(environment, found),
        json: { environment, stacks: found },
      });
    });

/** @throws DeliveryError `usage`. */
function assertAboutJobs({ id, yes }: Options): void {
  if (id === undefined && yes !== true) return;
  const option = id === undefined ? '--yes' : '--id';
  throw new DeliveryError('usage', `expected a stack with ${option}, whose state is to be mended; found none`, {
    hint: `for example: npx trireme recover gcp-dev ${option}${id === undefined ? '' : ` ${id.join(' ')}`}`,
  });
}

export function knownInWords(environment: string, found: readonly Pick<Recovered, 'stack' | 'runs'>[]): string {
  if (found.every(({ runs }) => runs === null)) return `nothing is deployed in ${environment}`;
  const said = found.map(({ stack, runs }) => `${stack} runs ${runs ?? 'nothing'}`).join(', ');
  return `what ${environment} runs is known: ${said}`;
}

/** Who rotated has not got what was wanted, whatever is known by now. */
export function nextFor(environment: string, found: readonly Pick<Recovered, 'outcome' | 'rotation'>[]): string {
  if (found.some(({ outcome }) => outcome === 'busy')) {
    return `when its job is known to be gone: npx trireme recover --environment ${environment} --gone`;
  }
  if (found.some(({ rotation }) => rotation === true)) {
    return `npx trireme rotate --environment ${environment} --reason "<reason>", once the secret has a value that works`;
  }
  if (found.every(({ outcome }) => outcome !== 'unknown')) return 'npx trireme status';
  return environment === lastEnvironment ? `npx trireme rollback --environment ${environment}` : 'npx trireme deploy';
}

function textOf(found: readonly Recovered[]): string {
  const rows = found.map(({ stack, outcome, runs, reason = '', removedLocks }) => [
    stack,
    outcome,
    runs ?? (outcome === 'known' ? 'nothing' : '?'),
    [reason, ...removedLocks.map((lock) => `removed the lock of ${lock}`)].filter((text) => text !== '').join('; '),
  ]);
  return table([['stack', 'outcome', 'runs', 'why'], ...rows]);
}
