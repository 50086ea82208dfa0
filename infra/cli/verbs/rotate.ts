// `trireme rotate`: the release that runs, in new instances that read the secrets as they are now.
import { parseStackFile } from '../../config.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { targetsIn } from '../../delivery/delivery.ts';
import { rotateSecrets } from '../../delivery/rotate.ts';
import { runsNow, stackFileOf } from '../../delivery/stack-state.ts';
import { type Verb, verb } from '../cli.ts';
import { endRepetition } from '../ending.ts';
import { pinnedSecrets, secretVariables } from '../secret-pins.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly reason: string;
  readonly json?: boolean;
}

export const rotate: Verb = (cli) =>
  withSelection(
    verb(
      'rotate',
      'Starts the release that runs in new instances, which read the secrets as they are now, and proves it',
    ),
    undefined,
  )
    .requiredOption('--reason <reason>', 'which secret and why, for the ledger')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, undefined);
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const facts = await delivery.ledger.facts();
      const chosen = targetsIn(files, environment, stacks).flatMap(({ stack }) => {
        // By the settings it runs with, not by those of this checkout.
        const own = stackFileOf(facts, runsNow(facts, stack.name) ?? '', stack.name);
        const found = parseStackFile(stack.name, own ?? files.texts[stack.name] ?? '');
        if (found.kind !== 'service') return [];
        const all = secretVariables(found.config);
        const pinned = pinnedSecrets(stack.cloud, found.config.secrets);
        return all.length === 0 ? [] : [{ stack, pinned, names: all.filter((name) => !pinned.includes(name)) }];
      });
      if (chosen.length === 0) {
        const asked = targetsIn(files, environment, stacks).map(({ stack }) => stack.name);
        throw new DeliveryError('refused', `expected a stack that reads a secret; found none in ${asked.join(', ')}`, {
          hint: 'secrets are named in the stack file, under `secrets`; one that was added since is read once a release with it runs there',
        });
      }
      for (const { stack, pinned, names } of chosen) {
        if (names.length > 0) cli.output.talk(`${stack.name}: new instances read ${names.join(', ')} anew`);
        for (const one of pinned) {
          const way = 'name the new version in the stack file and make a release';
          cli.output.talk(`${stack.name}: ${one} is pinned to a version and stays as it is: ${way}`, 'yellow');
        }
      }
      const named = chosen.map(({ stack }) => stack.name);
      const outcomes = await rotateSecrets(delivery, environment, { ...options, stacks: named, signal: cli.signal });
      const names = [...new Set(chosen.flatMap((one) => one.names))].join(', ');
      const disable = `disable the values from before of ${names} in the secret manager`;
      endRepetition(cli, outcomes, options.json, names === '' ? 'npx trireme status' : disable);
    });
