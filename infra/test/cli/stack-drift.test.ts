import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StackDrift } from '../../delivery/drift.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-drift-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function stackDrift(...words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return stackDriftWith({}, ...words);
}

function stackDriftWith(
  variables: Readonly<Record<string, string>>,
  ...words: readonly string[]
): ReturnType<typeof stackDrift> {
  const args = ['bin/trireme.mjs', 'stack-drift', '--from', folder, ...words];
  const env = { ...process.env, ...variables };
  return new Promise((end) => {
    execFile('node', args, { cwd: repository, env }, (error, stdout, stderr) =>
      end({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const look = (stack: string, other: Partial<StackDrift> = {}): StackDrift => ({
  stack,
  release: 'rel-1-0123456789ab',
  outcome: 'none',
  findings: [],
  untold: [],
  ...other,
});
const drifted = {
  outcome: 'drift',
  findings: [{ where: 'service', field: 'ingress', declared: 'all', found: 'internal' }],
} as const;

async function write(...looks: readonly StackDrift[]): Promise<void> {
  for (const one of looks) {
    await writeFile(
      join(folder, `${one.stack}.json`),
      JSON.stringify({ ok: true, outcome: one.outcome, stacks: [one] }),
    );
  }
}

describe('stack-drift --from', () => {
  it('ends with 0 when every stack of the environment is clean', async () => {
    await write(look('aws-prod'), look('gcp-prod'), look('azure-prod'));
    const { code, stderr } = await stackDrift('--environment', 'prod');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('no drift: ') });
  });

  it('ends with 6 when the look at one of them is missing, or was an error', async () => {
    await write(look('aws-prod'), look('gcp-prod'));
    await writeFile(join(folder, 'azure-prod.json'), '{"ok":false,"error":{"code":"cloud-unreachable"}}');
    const { code, stderr } = await stackDrift('--environment', 'prod');
    expect(code).toBe(6);
    expect(stderr).toContain('azure-prod was not looked at');
    expect(stderr).toContain('azure-prod.json: expected what `stack-drift --json` writes');
  });

  it('ends with 1 on drift, whatever else is unknown, and says what to do; without --environment it expects every stack', async () => {
    await write(look('gcp-prod', drifted), look('aws-prod'));
    const { code, stdout, stderr } = await stackDrift();
    expect(code).toBe(1);
    expect(stdout).toMatch(/gcp-prod\s+service\s+ingress\s+all\s+internal/);
    expect(stdout).toMatch(/aws-dev\s+unknown/);
    expect(stderr).toContain('next: npx trireme restore --stack gcp-prod');
  });

  it('tells whoever listens, when it is told to', async () => {
    const received: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => received.push(text));
      request.on('end', () => response.end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret`;
    try {
      await write(look('gcp-prod', drifted));
      const asked = ['--stack', 'gcp-prod'] as const;
      expect((await stackDriftWith({ TRIREME_NOTICE_WEBHOOK: address }, ...asked)).code).toBe(1);
      expect(received).toEqual([]);
      const { code, stderr } = await stackDriftWith({ TRIREME_NOTICE_WEBHOOK: address }, ...asked, '--tell');
      expect([code, stderr]).toEqual([1, expect.not.stringContaining('secret')]);
      expect(received.map((text) => JSON.parse(text).text)).toEqual([
        '*drift: gcp-prod*\ngcp-prod: service ingress: declared all, found internal',
      ]);
    } finally {
      server.close();
    }
  });

  it('prints one document', async () => {
    await write(look('gcp-prod', drifted));
    const { code, stdout } = await stackDrift('--stack', 'gcp-prod', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ ok: false, outcome: 'drift', stacks: [look('gcp-prod', drifted)] });
  });
});
