import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { ruleIds } from '../../contract/policy-pack.ts';
import { rules } from '../../policy/rules.ts';
import { parseWaivers } from '../../policy/waivers.ts';

const page = await readFile(fileURLToPath(new URL('../../../docs/policy.md', import.meta.url)), 'utf8');

it('the page has a row for each rule, in its own words', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(ruleIds.map((id) => `| \`${id}\` | ${rules[id].enforcement} | ${rules[id].reason} |`));
});

it('its example of a lowered rule is one that is taken', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  expect(parseWaivers(example)).toMatchObject({ 'instances-bounded': { stacks: ['gcp-dev'] } });
});
