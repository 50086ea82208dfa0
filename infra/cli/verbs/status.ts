// `trireme status`: which release runs where, whether it was verified, who approved it.
import { resolve } from 'node:path';
import { DeliveryError } from '../../contract/errors.ts';
import type { Target } from '../../delivery/delivery.ts';
import { deployedIn } from '../../delivery/situation.ts';
import { type StatusTable, statusTable } from '../../delivery/status.ts';
import { warningsOf } from '../../delivery/warnings.ts';
import { type Cli, type Ending, type Verb, verb } from '../cli.ts';
import { pageInput } from '../release-page.ts';
import { statusText } from '../status-text.ts';
import { type Office, readWiredStacks, wireDelivery, wireLedger } from '../wiring.ts';

interface Options {
  readonly html?: string;
  readonly serve?: boolean;
  readonly port?: string;
  readonly ledgerOnly?: boolean;
  readonly json?: boolean;
}

export const status: Verb = (cli) =>
  verb('status', 'Shows which release runs where, what was verified and who approved it')
    .option('--ledger-only', 'do not read what the stacks themselves say')
    .option('--html <directory>', 'write the release page there: a static site that acts on nothing')
    .option('--serve', 'serve the release page on 127.0.0.1 until Ctrl-C, made again whenever something happened')
    .option('--port <port>', 'with --serve: 0 takes any that is free', '0')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const office = await wireLedger(cli.environment);
      const { ledger } = office;
      if (options.serve === true) return serve(cli, office, files.stacks, portOf(options.port));
      const deployed = options.ledgerOnly === true ? {} : await outputsOf(cli);
      const facts = await ledger.facts();
      const shown = statusTable(facts, files.stacks, deployed, office.clock.now(), office.policy);
      if (options.html !== undefined) {
        const { writePage } = await import('../../page/write.ts');
        const written = await writePage(
          resolve(options.html),
          await pageInput(cli.environment, office, files.stacks, facts, deployed),
        );
        cli.output.talk(`the release page, ${written} files, is in ${options.html}: open index.html`);
      }
      const warnings = warningsOf(facts, office.policy, office.clock.now());
      for (const warning of warnings) cli.output.talk(warning, 'yellow');
      if (options.json !== true) cli.output.data(statusText(shown));
      const { code, sentence, next } = verdict(shown);
      cli.end({ code, sentence, next, json: { ledger: ledger.location, warnings, ...shown } });
    });

/** The ledger is read again for each request; the stacks' own outputs are not: that takes an engine, and seconds. */
async function serve(cli: Cli, office: Office, stacks: readonly Target[], port: number): Promise<void> {
  const { servePage } = await import('../../page/serve.ts');
  const source = {
    facts: () => office.ledger.facts(),
    input: (facts: Awaited<ReturnType<Office['ledger']['facts']>>) => pageInput(cli.environment, office, stacks, facts),
  };
  const server = await servePage(source, port, () => office.clock.now());
  cli.output.data(server.url);
  cli.output.talk('the release page, on this machine only; Ctrl-C ends it');
  await new Promise((end) => cli.signal.addEventListener('abort', end, { once: true }));
  await server.close();
  cli.end({ sentence: 'the release page is no longer served', next: 'npx trireme status' });
}

function portOf(word = '0'): number {
  const port = Number(word);
  if (/^\d+$/.test(word) && port < 65_536) return port;
  throw new DeliveryError('usage', `expected --port with a number below 65536; found \`${word}\``);
}

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

export function verdict({ environments, releases }: StatusTable): Pick<Ending, 'code' | 'sentence' | 'next'> {
  const [lost] = environments.filter(({ unknown }) => unknown.length > 0);
  if (lost !== undefined) {
    const sentence = `what ${lost.environment} runs is unknown: ${lost.unknown.join(', ')}`;
    return { code: 'errored', sentence, next: `npx trireme recover --environment ${lost.environment}` };
  }
  const split = environments.filter((one) => one.split).map(({ environment }) => environment);
  const [waiting] = environments.flatMap((one) => one.waiting);
  const [newest] = releases;
  const sentence =
    split.length === 0
      ? `${releases.length} ${releases.length === 1 ? 'release' : 'releases'}`
      : `split: the stacks of ${split.join(' and ')} differ`;
  if (waiting !== undefined) return { sentence, next: `npx trireme approve ${waiting}` };
  const [stale] = environments.flatMap((one) => one.stale);
  if (stale !== undefined) return { sentence, next: `npx trireme promote --release ${stale.release}` };
  if (newest === undefined) return { sentence: 'no release was made yet', next: 'npx trireme release' };
  return { sentence, next: nextFor(newest) };
}

/** A release that entered prod, or failed there, is not proposed for it once more. */
function nextFor({ release, cells }: StatusTable['releases'][number]): string | undefined {
  if (cells.length === 0) return `npx trireme deploy --release ${release}`;
  if (cells.some(({ state }) => state !== 'healthy')) return `npx trireme history --release ${release}`;
  return cells.some(({ stack }) => stack.endsWith('-prod')) ? undefined : `npx trireme promote --release ${release}`;
}
