import { access, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  type Lock,
  type Owner,
  ownerOf,
  parseLocks,
  programOf,
  removeEmptyLocks,
  removeLock,
  thisMachine,
} from '../../pulumi/lock.ts';
import { decideOnLocks, lockedError, orphanNotes, removeDeadLocks } from '../../pulumi/recovery.ts';

const printed = `error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or delete the lock file with \`pulumi cancel\`.
  file:///home/ada/state/.pulumi/locks/organization/trireme/gcp-dev/e56e.json: created by ada@laptop (pid 4711) at 2026-11-21T14:20:00+01:00
  s3://bucket/.pulumi/locks/organization/trireme/gcp-dev/77aa.json: created by runner@ci-1 (pid 12) at 2026-11-21T13:00:00Z
`;
const lock: Lock = {
  url: 'file:///home/ada/state/.pulumi/locks/organization/trireme/gcp-dev/e56e.json',
  user: 'ada',
  host: 'laptop',
  pid: 4711,
  since: '2026-11-21T14:20:00+01:00',
};

test("every lock is read from the engine's message", () => {
  expect(parseLocks(printed)).toEqual([
    lock,
    {
      url: 's3://bucket/.pulumi/locks/organization/trireme/gcp-dev/77aa.json',
      user: 'runner',
      host: 'ci-1',
      pid: 12,
      since: '2026-11-21T13:00:00Z',
    },
  ]);
  expect(parseLocks('error: something else')).toEqual([]);
});

describe('the owner of a lock', () => {
  const here = { host: 'laptop', user: 'ada' };
  test.each<{ what: string; lock?: Partial<Lock>; program: string | null | undefined; owner: Owner }>([
    { what: 'a pulumi that runs', program: 'pulumi', owner: 'alive' },
    { what: 'a pulumi that runs, with its path', program: '/opt/pulumi/bin/pulumi', owner: 'alive' },
    { what: 'no such process', program: null, owner: 'gone' },
    { what: 'another program under the same number', program: 'firefox', owner: 'gone' },
    { what: 'a process nobody may look at', program: undefined, owner: undefined },
    { what: 'another host', lock: { host: 'elsewhere' }, program: null, owner: undefined },
    { what: 'another user', lock: { user: 'grace' }, program: null, owner: undefined },
  ])('$what: $owner', async ({ lock: other, program, owner }) => {
    expect(await ownerOf({ ...lock, ...other }, here, async () => program)).toBe(owner);
  });

  test('this machine knows its own processes, and those it has not', async () => {
    expect(await programOf(process.pid)).toEqual(expect.any(String));
    expect(await programOf(2 ** 22 + 1)).toBeNull();
  });
});

test.each<{ owners: Owner[]; action: string }>([
  { owners: [], action: 'wait' },
  { owners: ['gone'], action: 'remove' },
  { owners: ['gone', 'gone'], action: 'remove' },
  { owners: ['alive'], action: 'wait' },
  { owners: [undefined], action: 'wait' },
  { owners: ['gone', 'alive'], action: 'wait' },
  { owners: ['gone', undefined], action: 'wait' },
])('with owners $owners: $action', ({ owners, action }) => {
  expect(decideOnLocks(owners.map((owner) => ({ lock, owner }))).action).toBe(action);
});

describe('removing a lock', () => {
  test('takes away the one file, when its owner is gone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'trireme-lock-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const mine = join(folder, 'mine.json');
    const other = join(folder, 'other.json');
    await writeFile(mine, '{}');
    await writeFile(other, '{}');
    const { host, user } = thisMachine();
    const message = `${pathToFileURL(mine).href}: created by ${user}@${host} (pid 4711) at 2026-11-21T13:00:00Z`;
    expect(await removeDeadLocks(message, async () => 'pulumi')).toBe(false);
    await access(mine);
    expect(await removeDeadLocks(message, async () => null)).toBe(true);
    await expect(access(mine)).rejects.toThrow();
    await access(other);
  });

  test("is not done in a bucket, where this machine's processes say nothing", async () => {
    expect(await removeLock({ ...lock, url: 's3://bucket/lock.json' })).toBe(false);
  });
});

test('a lock that stays empty is removed; one that may be being written, or says something, is not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'trireme-lock-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const now = Date.now();
  expect(await removeEmptyLocks(join(folder, 'none'), now)).toBe(false);
  await writeFile(join(folder, 'empty.json.tmp'), '');
  await writeFile(join(folder, 'held.json'), '{}');
  expect(await removeEmptyLocks(folder, now)).toBe(false);
  expect(await removeEmptyLocks(folder, now + 60_000)).toBe(true);
  expect(await readdir(folder)).toEqual(['held.json']);
});

test('an error about a lock names who holds it and since when', () => {
  expect(lockedError('gcp-dev', printed, 60)).toMatchObject({
    code: 'stack-locked',
    message: expect.stringContaining('ada@laptop (process 4711) since 2026-11-21T14:20:00+01:00'),
    hint: expect.stringContaining('pulumi cancel --stack gcp-dev'),
  });
});

test('of what was pending only a creation can have left something that nobody recorded', () => {
  const urn = 'urn:pulumi:gcp-dev::trireme::gcp:cloudrunv2/service:Service::service';
  const type = 'gcp:cloudrunv2/service:Service';
  const notes = orphanNotes(['creating', 'updating', 'deleting'].map((operation) => ({ urn, type, operation })));
  expect(notes).toHaveLength(1);
  expect(notes[0]).toContain('npx trireme recover gcp-dev');
});
