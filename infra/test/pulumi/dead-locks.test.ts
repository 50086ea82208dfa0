import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Engine } from '../../pulumi/engine.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-dead-locks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Finds a lock of a process that is gone, `times` times, however often it is removed. */
async function engineWhereLocksComeBack(times: number): Promise<Engine> {
  const lock = `file://${folder}/lock.json: created by ${userInfo().username}@${hostname()} (pid 999999999) at 2026-11-21T10:00:00Z`;
  const cli = join(folder, 'bin', 'pulumi');
  await mkdir(join(folder, 'bin'));
  const script = [
    '#!/bin/sh',
    '[ "$1" = version ] && { echo v3.999.0; exit 0; }',
    `[ "$1" = stack ] && { echo '{"version":3,"deployment":{}}'; exit 0; }`,
    `echo "$1" >> ${folder}/asked`,
    `[ "$(wc -l < ${folder}/asked)" -gt ${times} ] && exit 0`,
    `printf '%s\\n' 'error: the stack is currently locked by 1 lock(s)' '  ${lock}' >&2`,
    'exit 255',
  ];
  await writeFile(cli, script.join('\n'));
  await chmod(cli, 0o755);
  await writeFile(join(folder, 'Pulumi.yaml'), 'name: trireme\nruntime: nodejs\n');
  let nowMs = 0;
  return new Engine({
    workspace: { directory: folder, project: 'trireme', stackFolder: '.' },
    command: await PulumiCommand.get({ root: folder, skipVersionCheck: true }),
    environment: { PATH: process.env.PATH, HOME: folder, PULUMI_BACKEND_URL: 's3://nowhere' },
    clock: {
      now: () => nowMs,
      sleep: async (milliseconds) => {
        nowMs += milliseconds;
      },
    },
    lockWaitSeconds: 5,
  });
}

test.each(['preview', 'up'] as const)(
  'a dead lock that is always there again ends a %s as locked',
  async (operation) => {
    const engine = await engineWhereLocksComeBack(60);
    const ending = await engine.run('gcp-dev', async () => ({}), {}, operation);
    expect(ending).toMatchObject({ kind: 'error', error: { code: 'stack-locked' } });
    expect((await readFile(join(folder, 'asked'), 'utf8')).split('\n').length).toBeLessThan(20);
  },
);

test('some dead locks, one after the other, are removed', async () => {
  const engine = await engineWhereLocksComeBack(3);
  expect(await engine.run('gcp-dev', async () => ({}), {}, 'preview')).toBeUndefined();
});
