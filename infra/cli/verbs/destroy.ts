// `trireme destroy`: takes down what stacks run, after someone said so.
import { DeliveryError } from '../../contract/errors.ts';
import { foundationOf } from '../../contract/stack.ts';
import { targetsIn } from '../../delivery/delivery.ts';
import { noteRemoval } from '../../delivery/removal.ts';
import { settleAll } from '../../delivery/settle.ts';
import { ask } from '../ask.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly foundation?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const destroy: Verb = (cli) =>
  withSelection(verb('destroy', 'Takes down what the stacks of an environment run'), undefined)
    .option('--foundation', 'also the registry and pull identity of those clouds, images included')
    .option('--yes', 'do not ask')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, undefined);
      const targets = targetsIn(files, environment, stacks).map(({ stack }) => stack);
      const foundations = options.foundation === true ? targets.map(({ cloud }) => cloud) : [];
      const names = [...targets.map(({ name }) => name), ...foundations.map(foundationOf)];
      await confirm(cli, names, options.yes);
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const { deployer } = delivery;
      const neighbours = files.stacks.map(({ stack }) => stack).filter((stack) => !targets.includes(stack));
      for (const stack of neighbours.filter(({ cloud }) => foundations.includes(cloud))) {
        if ((await deployer.deployed(stack)) === undefined) continue;
        throw new DeliveryError(
          'refused',
          `${foundationOf(stack.cloud)} holds the registry that ${stack.name} pulls from`,
          {
            hint: `first: npx trireme destroy --stack ${stack.name}`,
          },
        );
      }
      const run = { signal: cli.signal, report: cli.output.report };
      await settleAll(
        targets.map(async (stack) => {
          await deployer.destroy(stack, run);
          await noteRemoval(delivery, stack);
        }),
      );
      // A foundation is needed until its services are gone.
      await settleAll(foundations.map((cloud) => deployer.destroy(cloud, run)));
      cli.end({ sentence: `destroyed ${names.join(', ')}`, next: 'npx trireme status', json: { destroyed: names } });
    });

async function confirm(cli: Cli, names: readonly string[], yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  const what = names.join(', ');
  if (!cli.interactive) {
    throw new DeliveryError('usage', `expected --yes to destroy ${what} without a terminal to ask on; found none`);
  }
  const answer = await ask(`destroy ${what}? type \`destroy\`: `, cli.signal);
  if (answer !== 'destroy') throw new DeliveryError('refused', 'nothing was destroyed');
}
