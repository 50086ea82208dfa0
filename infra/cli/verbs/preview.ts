// `trireme preview`: what a deployment would change, resource by resource, without doing it.
import { releaseIdOf } from '../../contract/release.ts';
import { replacementLines } from '../../contract/replacement.ts';
import { type Environment, upstreamOf } from '../../contract/stack.ts';
import { targetsIn } from '../../delivery/delivery.ts';
import { deployedIn, previewAll } from '../../delivery/situation.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { planLines } from '../plan-text.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly release: string;
  readonly against?: string;
  readonly json?: boolean;
}

export const preview: Verb = (cli) =>
  withSelection(verb('preview', 'Shows what deploying a release would change, without doing it'), 'dev')
    .option('--release <release>', 'id, sequence number or `latest`', 'latest')
    .option('--against <ref>', 'what this checkout changes beside another commit, on emulated clouds of its own')
    .action(async (options: Options) => {
      if (options.against !== undefined) return previewBeside(cli, options.against, options.json === true);
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, 'dev');
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const manifest = findRelease(await delivery.ledger.facts(), options.release);
      const targets = targetsIn(delivery, environment, stacks);
      const [plans, current] = await Promise.all([
        previewAll(delivery, manifest, targets, cli.signal),
        deployedIn(delivery, targets),
      ]);
      const release = releaseIdOf(manifest);
      if (options.json !== true) cli.output.data(planLines(plans, current, release).join('\n'));
      const taken = replacementLines(plans);
      const changes = plans.reduce((sum, plan) => sum + plan.changes.length, 0);
      cli.end({
        sentence: `${release} would change ${changes} resources in ${environment}${taken.length === 0 ? '' : ', and take away what answers requests there'}`,
        next: nextFor(release, environment, taken.length > 0),
        json: { release, environment, current, plans, replaces: taken },
      });
    });

function nextFor(release: string, environment: Environment, replaces: boolean): string {
  if (upstreamOf(environment) === undefined)
    return `npx trireme deploy --release ${release}${replaces ? ' --replace' : ''}`;
  return `npx trireme promote --release ${release}${replaces ? ' --replace "<reason>"' : ''}`;
}

async function previewBeside({ environment, output, signal, end }: Cli, ref: string, json: boolean): Promise<void> {
  const [{ previewAgainst }, { comparisonSentence, comparisonText }] = await Promise.all([
    import('../preview-against.ts'),
    import('../preview-comparison.ts'),
  ]);
  const comparison = await previewAgainst({ environment, report: output.report, signal }, ref);
  if (!json) output.data(comparisonText(comparison));
  const isRefused = comparison.stacks.some(({ refused }) => refused === true);
  end({
    code: isRefused ? 'refused' : undefined,
    sentence: comparisonSentence(comparison),
    next: isRefused
      ? 'correct it, or lower the rule in policy.yaml with a reason'
      : 'once it is merged: npx trireme release',
    json: { ...comparison },
  });
}
