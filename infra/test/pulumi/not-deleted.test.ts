import { expect, test } from 'vitest';
import { type Ended, isOnlyNotDeleted } from '../../pulumi/not-deleted.ts';

const inUse = 'channel: Cannot delete notification channel because it is in use by an alerting policy';
const made = 'table: creating DynamoDB Table: ResourceInUseException: Table already exists';
const denied = 'role: User is not authorized to perform: iam:DeleteRole';
const ended = (op: string, failed: boolean, urn = 'one'): Ended => ({ op, urn, failed });

test.each<[string, boolean, readonly Ended[], readonly string[]]>([
  ['a deletion of what is in use', true, [ended('update', false, 'two'), ended('delete', true)], [inUse]],
  ['a creation of which the vendor says the same', false, [ended('create', true)], [made]],
  ['a creation beside such a deletion', false, [ended('delete', true), ended('create', true, 'two')], [inUse, made]],
  ['an update', false, [ended('update', true)], [inUse]],
  ['a deletion that makes room for the new one', false, [ended('delete-replaced', true)], [inUse]],
  [
    'the old one, where the new one is made',
    true,
    [ended('create-replacement', false), ended('replace', false), ended('delete-replaced', true)],
    [inUse],
  ],
  ['the old one of an earlier run', true, [ended('same', false), ended('delete-replaced', true)], [inUse]],
  ['a deletion that nobody may make', false, [ended('delete', true)], [denied]],
  ['nothing that the engine names', false, [], [inUse]],
])('%s: only not deleted: %s', (_, expected, all, sentences) => {
  expect(isOnlyNotDeleted(all, sentences, 'gcp-foundation')).toBe(expected);
});
