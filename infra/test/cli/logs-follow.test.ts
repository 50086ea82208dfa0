import { expect, test } from 'vitest';
import type { Output } from '../../cli/output.ts';
import { follow } from '../../cli/verbs/logs.ts';
import { DeliveryError } from '../../contract/errors.ts';

type Line = Parameters<typeof follow>[2][number];
const line = (text: string): Line => ({ stack: 'gcp-dev', atMs: 1, from: 'container', text });

/** Each look gets the next answer; after the last one, somebody presses Ctrl-C. */
function watched(answers: readonly (readonly Line[] | Error)[]) {
  const stop = new AbortController();
  const left = [...answers];
  const shown: string[] = [];
  const said: string[] = [];
  const output = {
    data: (text: string) => shown.push(text),
    talk: (text: string) => said.push(text),
    paint: (text: string) => text,
  } as unknown as Output;
  const read = async (): Promise<readonly Line[]> => {
    const answer = left.shift() ?? [];
    if (left.length === 0) stop.abort();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { cli: { output, signal: stop.signal }, read, shown, said };
}

const refused = new DeliveryError('errored', 'gcp-dev: the log service did not answer');

test('a line is shown once, however often it is told', async () => {
  const { cli, read, shown } = watched([[line('one')], [line('one'), line('two')], [line('two')]]);
  await follow(cli, read, [], 1);
  expect(shown.map((text) => text.split('  ').at(-1))).toEqual(['one', 'two']);
});

test('a log service that does not answer is asked again, and that is said once', async () => {
  const { cli, read, shown, said } = watched([refused, refused, [line('one')], refused, [line('two')]]);
  await follow(cli, read, [], 1);
  expect(shown).toHaveLength(2);
  expect(said).toEqual(Array(2).fill('gcp-dev: the log service did not answer: asking again'));
});

test('one that stays away ends it, and so does a bug at once', async () => {
  const away = watched(Array(100).fill(refused));
  await expect(follow(away.cli, away.read, [], 1)).rejects.toBe(refused);
  const bug = new TypeError('a bug');
  const broken = watched([bug, []]);
  await expect(follow(broken.cli, broken.read, [], 1)).rejects.toBe(bug);
});
