// `trireme metrics`: the DORA metrics of an environment, from the ledger.
import { DeliveryError } from '../../contract/errors.ts';
import { environments } from '../../contract/stack.ts';
import { type Durations, type Metrics, metricsOf } from '../../delivery/metrics.ts';
import { type Verb, verb } from '../cli.ts';
import { table } from '../output.ts';
import { sinceMs } from '../since.ts';
import { readWiredStacks, wireLedger } from '../wiring.ts';

interface Options {
  readonly environment: string;
  readonly since: string;
  readonly json?: boolean;
}

export const metrics: Verb = (cli) =>
  verb('metrics', 'Tells how often, how fast and how well releases reach an environment (DORA)')
    .option('--environment <environment>', 'dev or prod', 'prod')
    .option('--since <time>', 'a span such as 90d, 12w or 24h, or a date', '90d')
    .action(async ({ environment: word, since, json }: Options) => {
      const environment = environments.find((known) => known === word);
      if (environment === undefined) {
        throw new DeliveryError('usage', `expected --environment ${environments.join(', ')}; found \`${word}\``);
      }
      const files = await readWiredStacks(cli.environment);
      const { ledger, clock } = await wireLedger(cli.environment);
      const toMs = clock.now();
      const stacks = files.stacks.flatMap(({ stack }) => (stack.environment === environment ? [stack.name] : []));
      const found = metricsOf(await ledger.facts(), { environment, stacks, fromMs: sinceMs(since, toMs), toMs });
      if (json !== true) cli.output.data(metricsText(found));
      const { count } = found.deployments;
      cli.end({
        sentence: `${count} ${count === 1 ? 'release' : 'releases'} reached ${environment} since ${found.from.slice(0, 10)}`,
        next: `npx trireme history --environment ${environment}`,
        json: { ...found },
      });
    });

function metricsText({ deployments, leadTime, changeFailRate, timeToRestore, approvalWait }: Metrics): string {
  const { failed, of, rate } = changeFailRate;
  const open = timeToRestore.open === 0 ? '' : `, ${timeToRestore.open} not restored yet`;
  return table([
    ['metric', 'value', 'from'],
    [
      'deployment frequency',
      deployments.perWeek === null ? notEnough : `${deployments.perWeek.toFixed(1)} a week`,
      `${deployments.count} releases`,
    ],
    ['lead time', medianText(leadTime), `${leadTime.count} releases`],
    ['change fail rate', rate === null ? notEnough : `${(100 * rate).toFixed(0)} %`, `${failed} of ${of} changes`],
    ['time to restore', medianText(timeToRestore), `${timeToRestore.count} failures${open}`],
    ['waiting for approval', medianText(approvalWait), `${approvalWait.count} approvals`],
  ]);
}

const notEnough = 'not enough data';

function medianText({ medianSeconds }: Durations): string {
  if (medianSeconds === null) return notEnough;
  const [unit, seconds] = units.find(([, size]) => medianSeconds >= size) ?? ['s', 1];
  return `${(medianSeconds / seconds).toFixed(1)} ${unit}`;
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const;
