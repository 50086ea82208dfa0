// What bootstrap says before it does anything, and the question it asks.
import { DeliveryError } from '../../contract/errors.ts';
import type { FoundationConfig } from '../../contract/service.ts';
import type { Cloud } from '../../contract/stack.ts';
import { foundationCosts } from '../../cost/estimate.ts';
import { ask } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { dollars, readPrices } from '../verbs/cost.ts';
import type { BootstrapStep } from './plan.ts';

export function tellStep({ output }: Cli, { what, state, said, why, repair }: BootstrapStep): void {
  const marks = { done: 'there   ', todo: 'to do   ', left: 'left out', blocked: 'missing ' } as const;
  output.talk(`${marks[state]}  ${what}: ${said}`, state === 'blocked' ? 'red' : undefined);
  if (why !== undefined) output.talk(`            because ${why}`, 'dim');
  if (repair !== undefined && state !== 'done')
    output.talk(`            ${state === 'todo' ? 'by hand' : 'do'}: ${repair}`, 'dim');
}

export function tellDiff({ output }: Cli, file: string, diff: readonly string[]): void {
  output.talk(`${file}:`);
  for (const line of diff) output.talk(`  ${line}`, line.startsWith('+') ? 'green' : 'red');
}

export async function tellCost({ environment, output }: Cli, cloud: Cloud, config: FoundationConfig): Promise<void> {
  const prices = await readPrices(environment);
  const { total, lines } = foundationCosts(cloud, config, prices);
  const unsure = lines.some(({ confirmed }) => !confirmed) ? ', not confirmed' : '';
  output.talk(
    `  about ${dollars(total)} a month (${lines.map(({ what }) => what).join(', ')}; prices of ${prices.read}${unsure})`,
  );
}

export async function agree(
  { interactive, signal }: Cli,
  { yes }: { readonly yes?: boolean },
  question: string,
): Promise<void> {
  if (yes === true) return;
  if (!interactive) {
    throw new DeliveryError('usage', `expected --yes without a terminal to ask on: ${question}`, {
      hint: 'nothing was touched',
    });
  }
  if (!/^y(es)?$/i.test(await ask(`${question} [y/N] `, signal))) {
    throw new DeliveryError('refused', 'not agreed to, and not done', {
      hint: 'run the same command again whenever you like',
    });
  }
}
