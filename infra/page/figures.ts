// The delivery figures of the last environment, as `trireme metrics` counts them.
import { lastEnvironment } from '../contract/stack.ts';
import { type Durations, metricsOf } from '../delivery/metrics.ts';
import type { Book } from './book.ts';
import { type Html, html } from './html.ts';
import { counted, duration } from './words.ts';

const days = 90;

export function figuresSection({ facts, stacks, nowMs }: Book): Html | undefined {
  const own = stacks.filter(({ stack }) => stack.environment === lastEnvironment).map(({ stack }) => stack.name);
  if (own.length === 0 || facts.length === 0) return undefined;
  const fromMs = nowMs - days * 86_400_000;
  const found = metricsOf(facts, { environment: lastEnvironment, stacks: own, fromMs, toMs: nowMs });
  const { deployments, changeFailRate, timeToRestore } = found;
  const figures = [
    [
      'Deployments',
      deployments.perWeek === null ? String(deployments.count) : `${deployments.perWeek.toFixed(1)} a week`,
      deployments.perWeek === null ? 'in less than a week of ledger' : counted(deployments.count, 'release'),
    ],
    ['Lead time', median(found.leadTime), of(found.leadTime, 'release')],
    [
      'Change-fail rate',
      changeFailRate.rate === null ? 'not known' : `${Math.round(changeFailRate.rate * 100)} %`,
      `${changeFailRate.failed} of ${counted(changeFailRate.of, 'change')}`,
    ],
    [
      'Time to restore',
      median(timeToRestore),
      `${of(timeToRestore, 'failure')}${timeToRestore.open > 0 ? `, ${timeToRestore.open} not restored yet` : ''}`,
    ],
    ['Waiting for approval', median(found.approvalWait), of(found.approvalWait, 'promotion')],
  ] as const;
  return html`<section aria-labelledby="figures"><h2 id="figures">Delivery to ${lastEnvironment}, last ${days} days</h2><dl class="figures">${figures.map(([name, value, detail]) => html`<div><dt>${name}</dt><dd>${value}</dd><dd class="quiet">${detail}</dd></div>`)}</dl></section>`;
}

const median = ({ medianSeconds }: Durations) => (medianSeconds === null ? 'not known' : duration(medianSeconds));

const of = ({ count }: Durations, what: string) =>
  count === 0 ? `no ${what} yet` : `median of ${counted(count, what)}`;
