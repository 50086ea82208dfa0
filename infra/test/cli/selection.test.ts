import { expect, test } from 'vitest';
import { type SelectionOptions, selectionOf } from '../../cli/selection.ts';
import { World } from '../delivery/world.ts';

const { stacks } = new World().delivery(['aws-dev', 'gcp-dev', 'gcp-prod']);

const cases: readonly [string, SelectionOptions, ReturnType<typeof selectionOf>][] = [
  ['nothing', {}, { environment: 'dev' }],
  ['an environment', { environment: 'prod' }, { environment: 'prod' }],
  ['a stack', { stack: ['gcp-prod'] }, { environment: 'prod', stacks: ['gcp-prod'] }],
  ['a cloud', { cloud: ['gcp'] }, { environment: 'dev', stacks: ['gcp-dev'] }],
  [
    'a cloud and its stack',
    { cloud: ['gcp'], stack: ['gcp-dev', 'aws-dev'] },
    { environment: 'dev', stacks: ['gcp-dev', 'aws-dev'] },
  ],
];
test.each(cases)('%s selects', (_, options, expected) => {
  expect(selectionOf(options, stacks, 'dev')).toEqual(expected);
});

const refused: readonly [string, SelectionOptions, string, string][] = [
  ['an unknown stack', { stack: ['gcp-deb'] }, 'unknown-stack', 'gcp-dev'],
  ['a stack without a file', { stack: ['azure-dev'] }, 'unknown-stack', 'aws-dev, gcp-dev, gcp-prod'],
  ['a cloud without a stack there', { cloud: ['aws'], environment: 'prod' }, 'unknown-stack', 'aws-prod'],
  ['an unknown cloud', { cloud: ['gpc'] }, 'usage', 'gpc'],
  ['an unknown environment', { environment: 'production' }, 'usage', 'production'],
  ['stacks of two environments', { stack: ['gcp-dev', 'gcp-prod'] }, 'usage', 'gcp-prod'],
];
test.each(refused)('%s is refused', (_, options, code, word) => {
  expect(() => selectionOf(options, stacks, 'dev')).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(word) }),
  );
});

test('without a default an environment must be named', () => {
  expect(() => selectionOf({}, stacks, undefined)).toThrow('expected --environment dev or prod; found none');
});
