// `trireme rollback`: an earlier release that the environment proved, put back by the same road with the same proof.
import { lastEnvironment } from '../../contract/stack.ts';
import { rollback as goBack } from '../../delivery/rollback.ts';
import { type Verb, verb } from '../cli.ts';
import { endDeployment } from '../ending.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly to?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

export const rollback: Verb = (cli) =>
  withSelection(
    verb('rollback', 'Goes back to an earlier release that this environment proved; needs no approval'),
    lastEnvironment,
  )
    .option('--to <release>', 'id or sequence number (default: the newest earlier one)')
    .option('--reason <reason>', 'why, for the ledger')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, lastEnvironment);
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const { to, reason } = options;
      const outcome = await goBack(delivery, environment, { stacks, to, reason, signal: cli.signal });
      endDeployment(cli, outcome, options.json, 'npx trireme status');
    });
