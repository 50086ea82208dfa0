// What a comparison with another commit says: changes first, refusals by name, never more than a comment takes.
import { expect, test } from 'vitest';
import { type Comparison, comparisonSentence, comparisonText } from '../../cli/preview-comparison.ts';
import type { Plan } from '../../contract/plan.ts';

const commit = 'a'.repeat(40);
const plan = (stack: string, changed: number, warnings?: readonly string[]): Plan => ({
  stack,
  fingerprint: 'f'.repeat(64),
  changes: Array.from({ length: changed }, (_, index) => ({
    urn: `urn:${index}`,
    type: 'gcp:cloudrunv2/service:Service',
    name: `service-${index}`,
    operation: 'update',
    paths: ['template.maxInstanceRequestConcurrency'],
  })),
  ...(warnings === undefined ? {} : { warnings: [...warnings] }),
});
const comparison = (...stacks: Comparison['stacks']): Comparison => ({ commit, stacks });

test.each<[string, Comparison, string]>([
  [
    'what changes comes first, what does not is one line',
    comparison(
      { stack: 'gcp-foundation', plan: plan('gcp-foundation', 0) },
      { stack: 'gcp-dev', plan: plan('gcp-dev', 0) },
      { stack: 'gcp-prod', plan: plan('gcp-prod', 1) },
    ),
    `gcp-prod: 1 resource
  ~ update  gcp:cloudrunv2/service:Service service-0: template.maxInstanceRequestConcurrency
no change: gcp-foundation, gcp-dev`,
  ],
  [
    'a rule that refuses, and what can not be shown',
    comparison(
      { stack: 'gcp-dev', note: 'policy: no-public-registry: docker.io', refused: true },
      { stack: 'aws-dev', note: 'a cloud that the other commit does not have' },
    ),
    `gcp-dev: REFUSED: policy: no-public-registry: docker.io
aws-dev: a cloud that the other commit does not have`,
  ],
  [
    'a warning of a rule is shown although nothing changes',
    comparison({ stack: 'gcp-dev', plan: plan('gcp-dev', 0, ['instances: 40 is many']) }),
    `gcp-dev: 0 resources
  ! policy  instances: 40 is many`,
  ],
])('%s', (_, given, text) => expect(comparisonText(given)).toBe(text));

test('a text that no comment takes ends at a whole line and says how many are missing', () => {
  const text = comparisonText(comparison({ stack: 'gcp-dev', plan: plan('gcp-dev', 2000) }));
  expect(text.length).toBeLessThan(51_000);
  const [last = '', before = ''] = text.split('\n').reverse();
  expect(before).toMatch(/Concurrency$/);
  expect(Number(/^… and (\d+) lines more$/.exec(last)?.[1])).toBe(2001 - (text.split('\n').length - 1));
});

test('the sentence counts, and names who is refused', () => {
  const stacks = [{ stack: 'gcp-dev', plan: plan('gcp-dev', 1) }];
  expect(comparisonSentence({ commit, stacks })).toBe('beside aaaaaaaaaaaa, this checkout would change 1 resource');
  const refused = [...stacks, { stack: 'gcp-prod', note: 'no', refused: true }];
  expect(comparisonSentence({ commit, stacks: refused })).toMatch(/; refused by a rule: gcp-prod$/);
});
