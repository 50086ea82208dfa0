// `trireme deploy`: a release onto the stacks of dev, proven; prod is entered by promotion only.
import { DeliveryError } from '../../contract/errors.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { upstreamOf } from '../../contract/stack.ts';
import { targetsIn } from '../../delivery/delivery.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { assertUnaltered } from '../../delivery/situation.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { type Verb, verb } from '../cli.ts';
import { endDeployment } from '../ending.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly release: string;
  readonly replace?: boolean;
  readonly json?: boolean;
}

export const deploy: Verb = (cli) =>
  withSelection(verb('deploy', 'Deploys a release to dev, on every cloud at once, and proves it there'), 'dev')
    .option('--release <release>', 'id, sequence number or `latest`', 'latest')
    .option('--replace', 'it is meant that a service is made anew, or by another runtime: its address changes')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, 'dev');
      if (upstreamOf(environment) !== undefined) {
        throw new DeliveryError('refused', `${environment} is entered by promotion, with an approval`, {
          hint: `npx trireme promote --release ${options.release}`,
        });
      }
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const manifest = findRelease(await delivery.ledger.facts(), options.release);
      await assertUnaltered(delivery, manifest, targetsIn(delivery, environment, stacks));
      const outcome = await deployRelease(delivery, manifest, environment, {
        stacks,
        signal: cli.signal,
        mayReplace: options.replace,
      });
      endDeployment(cli, outcome, options.json, `npx trireme promote --release ${releaseIdOf(manifest)}`);
    });
