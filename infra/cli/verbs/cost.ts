// `trireme cost`: what the stacks cost a month, idle and at a stated load, from the stack files and the price table. Asks nobody.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeRegistry } from '../../clouds/index.ts';
import { parseStackFile } from '../../config.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { clouds, environments, foundationOf, nearest, type Stack } from '../../contract/stack.ts';
import { givenForNothing } from '../../cost/allowances.ts';
import { foundationCosts, serviceCosts } from '../../cost/estimate.ts';
import type { Costs } from '../../cost/lines.ts';
import type { Load } from '../../cost/load.ts';
import { type PriceTable, parsePrices } from '../../cost/prices.ts';
import { type Verb, verb } from '../cli.ts';
import type { CliEnvironment } from '../environment.ts';
import { table } from '../output.ts';
import { environmentOf } from '../selection.ts';
import type { StackFiles } from '../stack-files.ts';
import { readWiredStacks } from '../wiring.ts';

interface Options {
  readonly environment?: string;
  readonly stack?: readonly string[];
  readonly requestsPerSecond?: string;
  readonly milliseconds: string;
  readonly json?: boolean;
}

interface StackCosts {
  readonly stack: string;
  readonly account: string;
  readonly group: string;
  readonly region: string;
  readonly idle: Costs;
  readonly loaded?: Costs;
}

export const cost: Verb = (cli) =>
  verb('cost', 'Estimates what the stacks cost a month, from the stack files and a dated price table')
    .option('--environment <environment>', 'dev or prod; without it, both and the foundations')
    .option('--stack <stack...>', 'only these stacks, such as gcp-dev or aws-foundation')
    .option('--requests-per-second <number>', 'also at this load, all month, each stack for itself')
    .option('--milliseconds <number>', 'mean time of an answer', '20')
    .action(async (options: Options) => {
      const load = loadOf(options);
      const [files, prices] = await Promise.all([readWiredStacks(cli.environment), readPrices(cli.environment)]);
      const stacks = namesOf(options, files).map((name) => costsFor(name, files, prices, load));
      const totals = totalsOf(stacks, load !== undefined);
      if (options.json !== true) {
        for (const one of stacks) cli.output.data(`${textOf(one)}\n`);
        cli.output.data(table([['', 'idle', ...(load === undefined ? [] : ['at the load'])], ...totals.map(totalRow)]));
        const unsure = stacks.some((one) =>
          [one.idle, one.loaded].some((costs) => costs?.lines.some((line) => !line.confirmed)),
        );
        cli.output.talk(
          `${prices.currency} without taxes, by prices of ${prices.read}; traffic and what you make beside the stacks are not in it`,
          'dim',
        );
        if (unsure)
          cli.output.talk(
            'not confirmed: not read on the vendor’s own page for that region; see infra/cost/prices.yaml',
            'yellow',
          );
      }
      const all = totals.at(-1);
      cli.end({
        sentence: `about ${dollars(all?.idle ?? 0)} a month idle${all?.loaded === undefined ? '' : `, ${dollars(all.loaded)} at ${load?.requestsPerSecond} requests a second on each stack`}`,
        next:
          load === undefined
            ? 'npx trireme cost --requests-per-second 10'
            : `npx trireme bootstrap ${files.foundations[0] ?? 'aws'}`,
        json: { currency: prices.currency, read: prices.read, load: load ?? null, stacks, totals },
      });
    });

/** The table that belongs to this checkout. */
export async function readPrices({ checkout }: Pick<CliEnvironment, 'checkout'>): Promise<PriceTable> {
  return parsePrices(await readFile(join(checkout, 'infra', 'cost', 'prices.yaml'), 'utf8'));
}

function loadOf({ requestsPerSecond, milliseconds }: Options): Load | undefined {
  const number = (word: string, name: string): number => {
    const value = Number(word);
    if (word.trim() !== '' && Number.isFinite(value) && value > 0) return value;
    throw new DeliveryError('usage', `expected --${name} with a number above 0; found \`${word}\``);
  };
  const each = number(milliseconds, 'milliseconds');
  return requestsPerSecond === undefined
    ? undefined
    : { requestsPerSecond: number(requestsPerSecond, 'requests-per-second'), milliseconds: each };
}

/** Service stacks in the order a release travels, then foundations. */
function namesOf({ environment, stack }: Options, files: StackFiles): readonly string[] {
  const services = files.stacks.map((one) => one.stack);
  const foundations = files.foundations.map(foundationOf);
  const known: readonly string[] = [...services.map(({ name }) => name), ...foundations];
  for (const name of stack ?? []) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known);
    throw new DeliveryError('unknown-stack', `expected a stack, one of ${known.join(', ')}; found \`${name}\``, {
      hint: meant === undefined ? undefined : `did you mean \`${meant}\`?`,
    });
  }
  if (stack !== undefined) return known.filter((name) => stack.includes(name));
  if (environment === undefined) return known;
  const wanted = environmentOf(environment);
  return services.filter((one) => one.environment === wanted).map(({ name }) => name);
}

function costsFor(name: string, files: StackFiles, prices: PriceTable, load: Load | undefined): StackCosts {
  const found = parseStackFile(name, files.texts[name] ?? '');
  if (found.kind === 'service') {
    const { stack, config } = found;
    const wish = { stack, config, contract: runtimeRegistry[config.runtime].contract };
    const idle = serviceCosts(wish, prices);
    const loaded = load === undefined ? {} : { loaded: serviceCosts(wish, prices, load) };
    const account = `${stack.cloud} ${config.account ?? homeOf(files, stack)}`;
    return { stack: name, account, group: stack.environment, region: config.region, idle, ...loaded };
  }
  const cloud = clouds.find((one) => foundationOf(one) === name);
  if (found.kind !== 'foundation' || cloud === undefined) throw new TypeError(`${name} has no price`);
  const idle = foundationCosts(cloud, found.config, prices);
  return {
    stack: name,
    account: `${cloud} home`,
    group: 'foundations',
    region: found.config.region,
    idle,
    ...(load === undefined ? {} : { loaded: idle }),
  };
}

/** The account that the cloud's foundation names for this environment. */
function homeOf({ texts }: StackFiles, { cloud, environment }: Stack): string {
  const found = parseStackFile(foundationOf(cloud), texts[foundationOf(cloud)] ?? '');
  return (found.kind === 'foundation' ? found.config.accounts[environment] : undefined) ?? 'home';
}

interface Total {
  readonly group: string;
  readonly idle: number;
  readonly loaded?: number;
}

function totalsOf(stacks: readonly StackCosts[], withLoad: boolean): readonly Total[] {
  const groups = [...environments, 'foundations'].filter((group) => stacks.some((one) => one.group === group));
  const sum = (of: readonly StackCosts[], group: string): Total => ({
    group,
    idle: of.reduce((total, { idle }) => total + idle.total, 0),
    ...(withLoad ? { loaded: of.reduce((total, { loaded }) => total + (loaded?.total ?? 0), 0) } : {}),
  });
  const all = sum(stacks, 'all');
  const given = (costsOf: (one: StackCosts) => Costs | undefined): number =>
    givenForNothing(stacks.map((one) => ({ account: one.account, lines: costsOf(one)?.lines ?? [] })));
  return [
    ...groups.map((group) =>
      sum(
        stacks.filter((one) => one.group === group),
        group,
      ),
    ),
    all,
    {
      group: 'all, less what vendors give for nothing',
      idle: all.idle - given(({ idle }) => idle),
      ...(all.loaded === undefined ? {} : { loaded: all.loaded - given(({ loaded }) => loaded) }),
    },
  ];
}

function totalRow({ group, idle, loaded }: Total): readonly string[] {
  return [group, dollars(idle), ...(loaded === undefined ? [] : [dollars(loaded)])];
}

function textOf({ stack, region, idle, loaded }: StackCosts): string {
  const costs = [
    ['idle', idle] as const,
    ...(loaded === undefined || loaded === idle ? [] : [['at the load', loaded] as const]),
  ];
  const tables = costs.map(([when, { lines, total }]) =>
    table([
      [`${stack}, ${region}, ${when}`, 'quantity', 'unit', 'each', 'a month', ''],
      ...lines.map((line) => [
        `  ${line.what}`,
        rounded(line.quantity),
        line.unit,
        String(line.unitPrice),
        dollars(line.monthly),
        [line.confirmed ? '' : 'not confirmed', line.pricedAs === undefined ? '' : `as in ${line.pricedAs}`]
          .filter(Boolean)
          .join(', '),
      ]),
      ['  total', '', '', '', dollars(total), ''],
    ]),
  );
  // A load's notes are those of the idle stack, and more.
  const notes = (loaded ?? idle).notes.map((note) => `  ${note}`);
  return [...tables, ...notes].join('\n');
}

function rounded(quantity: number): string {
  return quantity >= 100 ? String(Math.round(quantity)) : String(Number(quantity.toPrecision(3)));
}

export function dollars(amount: number): string {
  return `$${amount.toFixed(2)}`;
}
