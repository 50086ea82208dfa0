import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

const bin = fileURLToPath(new URL('../../../bin/trireme.mjs', import.meta.url));
const execute = promisify(execFile);

async function trireme(...words: string[]) {
  try {
    const { stdout, stderr } = await execute(bin, words, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, NO_COLOR: '1' },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

describe('the one command', () => {
  test('lists every verb, from any folder, on stdout', async () => {
    const { code, stdout, stderr } = await trireme('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const verb of ['train', 'release', 'deploy', 'promote', 'rollback', 'emulator', 'rehearse']) {
      expect(stdout).toMatch(new RegExp(`^  ${verb} +\\S`, 'm'));
    }
    expect((await trireme()).stdout).toBe(stdout);
  });

  test('suggests the verb that was meant, and exits 2', async () => {
    expect(await trireme('deplyo')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('did you mean `npx trireme deploy`?'),
    });
    expect(await trireme('constructor')).toMatchObject({ code: 2 });
  });

  test('tells its version', async () => {
    expect((await trireme('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong words end with 2, before anything is touched', () => {
  test.each([
    ['an unknown option', ['deploy', '--relase', 'latest'], 'did you mean `--release`?'],
    [
      'a missing argument',
      ['approve'],
      'expected <promotion> (as `trireme promote` named it); found none\nfor example: npx trireme approve prm-',
    ],
    ['an unknown stack', ['deploy', '--stack', 'gcp-deb'], 'did you mean `gcp-dev`?'],
    ['both ways to promote', ['promote', '--release', '1', '--promotion', 'prm-1'], 'found both'],
    ['a leg of a promotion that was not prepared', ['promote', '--stack', 'gcp-prod'], 'legs of a prepared one'],
    ['an unknown kind of fact', ['history', '--kind', 'deploy'], 'expected --kind'],
    ['an unknown engine', ['release', '--engine', 'rocket'], 'expected --engine podman'],
    ['a destruction that nobody confirmed', ['destroy', '--stack', 'gcp-dev'], 'expected --yes'],
    ['an impossible scale', ['emulator', 'up', '--time-scale', '0'], 'expected --time-scale'],
  ])('%s', async (_, words, said) => {
    const { code, stdout, stderr } = await trireme(...words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('    at ');
  });

  test('also for --json, with a document on stdout', async () => {
    const { code, stdout } = await trireme('history', '--kind', 'deploy', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'usage' } });
  });
});

describe('help of a verb', () => {
  test.each(['deploy', 'promote', 'emulator'])('%s', async (verb) => {
    const { code, stdout } = await trireme(verb, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: trireme ${verb}`);
  });
});

test('prod is entered by promotion only', async () => {
  expect(await trireme('deploy', '--environment', 'prod')).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('npx trireme promote'),
  });
});
