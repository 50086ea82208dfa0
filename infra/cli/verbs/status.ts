// `trireme status`: which release runs where, whether it was verified, who approved it.
import { DeliveryError } from '../../contract/errors.ts';
import { deployedIn } from '../../delivery/situation.ts';
import { type StatusTable, statusTable } from '../../delivery/status.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { statusText } from '../status-text.ts';
import { readWiredStacks, wireDelivery, wireLedger } from '../wiring.ts';

interface Options {
  readonly ledgerOnly?: boolean;
  readonly json?: boolean;
}

export const status: Verb = (cli) =>
  verb('status', 'Shows which release runs where, what was verified and who approved it')
    .option('--ledger-only', 'do not read what the stacks themselves say')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { ledger } = await wireLedger(cli.environment);
      const deployed = options.ledgerOnly === true ? {} : await outputsOf(cli);
      const shown = statusTable(await ledger.facts(), files.stacks, deployed);
      if (options.json !== true) cli.output.data(statusText(shown));
      const { sentence, next } = verdict(shown);
      cli.end({ sentence, next, json: { ledger: ledger.location, ...shown } });
    });

/** What a plain `pulumi up` did is nowhere else; without the engine or the cloud, the ledger alone is shown, and it is said. */
async function outputsOf(cli: Cli): Promise<Record<string, string | null>> {
  try {
    const files = await readWiredStacks(cli.environment);
    const delivery = await wireDelivery(cli.environment, files, cli.output.report);
    return await deployedIn(delivery, delivery.stacks);
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
    cli.output.talk(`the stacks' own outputs were not read: ${error.message}`, 'yellow');
    return {};
  }
}

function verdict({ environments, releases }: StatusTable): { sentence: string; next: string | undefined } {
  const split = environments.filter((one) => one.split).map(({ environment }) => environment);
  const [waiting] = environments.flatMap((one) => one.waiting);
  const [newest] = releases;
  const sentence =
    split.length === 0
      ? `${releases.length} ${releases.length === 1 ? 'release' : 'releases'}`
      : `split: the stacks of ${split.join(' and ')} differ`;
  if (waiting !== undefined) return { sentence, next: `npx trireme approve ${waiting}` };
  if (newest === undefined) return { sentence: 'no release was made yet', next: 'npx trireme release' };
  return { sentence, next: nextFor(newest) };
}

/** A release that entered prod, or failed there, is not proposed for it once more. */
function nextFor({ release, cells }: StatusTable['releases'][number]): string | undefined {
  if (cells.length === 0) return `npx trireme deploy --release ${release}`;
  if (cells.some(({ state }) => state !== 'healthy')) return `npx trireme history --release ${release}`;
  return cells.some(({ stack }) => stack.endsWith('-prod')) ? undefined : `npx trireme promote --release ${release}`;
}
