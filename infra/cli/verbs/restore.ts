// `trireme restore`: what somebody changed in the cloud is put back as it was released, and proven.
import { restoreStacks } from '../../delivery/restore.ts';
import { type Verb, verb } from '../cli.ts';
import { endRepetition } from '../ending.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly reason: string;
  readonly json?: boolean;
}

export const restore: Verb = (cli) =>
  withSelection(
    verb('restore', 'Reads the cloud, puts back what was released there with its own settings, and proves it'),
    undefined,
  )
    .requiredOption('--reason <reason>', 'what was changed, and by whom, for the ledger')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, undefined);
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const { reason } = options;
      const outcomes = await restoreStacks(delivery, environment, { reason, stacks, signal: cli.signal });
      endRepetition(cli, outcomes, options.json, `npx trireme stack-drift --environment ${environment}`);
    });
