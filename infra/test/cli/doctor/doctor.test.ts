import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SampleGithub, sampleGithub } from '../../emulator/github/sample.ts';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));
let github: SampleGithub;
let folder: string;
beforeAll(async () => {
  github = await sampleGithub();
  folder = await mkdtemp(join(tmpdir(), 'trireme-doctor-'));
});
afterAll(async () => {
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Found {
  readonly area: string;
  readonly subject: string;
  readonly outcome: string;
  readonly found: string;
}

async function doctor(change: Readonly<Record<string, string>> = {}) {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, NO_COLOR: '1', TRIREME_LEDGER: join(folder, 'ledger.git'), ...change };
  const run = promisify(execFile)(process.execPath, [join(repository, 'bin/trireme.mjs'), 'doctor', '--json'], { env });
  const { code = 0, stdout, stderr } = await run.catch((error) => error);
  return { code: Number(code), findings: JSON.parse(stdout).findings as readonly Found[], talk: String(stderr) };
}
const asked = () => ({ GITHUB_API_URL: github.url, GITHUB_TOKEN: 'user:ada', GITHUB_REPOSITORY: 'acme/trireme' });

describe('trireme doctor', () => {
  test('without a token checks what is here, and says so', async () => {
    const { code, findings } = await doctor();
    expect(code).toBe(0);
    expect(findings.filter(({ area }) => area === 'GitHub')).toMatchObject([
      { outcome: 'note', found: 'not asked: no GITHUB_TOKEN' },
    ]);
    expect(findings.find(({ subject }) => subject === 'environments')?.found).toContain('prod-rollback');
  });

  test('with one, finds everything that an untouched repository lacks', async () => {
    const { code, findings, talk } = await doctor(asked());
    expect(code).toBe(1);
    const faults = findings.filter(({ outcome }) => outcome === 'fault').map(({ subject }) => subject);
    expect(faults).toEqual(
      expect.arrayContaining(['environment dev', 'environment prod', 'branch main', 'branch trireme-ledger']),
    );
    expect(talk).toContain('next: pulumi up --stack github');
  });

  test('is content once all of it is set', async () => {
    const reviewers = [{ type: 'User', id: github.state.people.get('rita')?.id }];
    const only = { protected_branches: false, custom_branch_policies: true };
    for (const name of ['dev', 'prod', 'prod-plan', 'prod-rollback', 'drift', 'github-pages']) {
      const path = `environments/${name}`;
      const body = { reviewers, prevent_self_review: true, can_admins_bypass: false, deployment_branch_policy: only };
      await github.ask('ada', 'PUT', path, body);
      await github.ask('ada', 'POST', `${path}/deployment-branch-policies`, { name: 'main' });
    }
    for (const name of await variablesInUse())
      await github.ask('ada', 'POST', 'actions/variables', { name, value: 'x' });
    for (const branch of ['main', 'trireme-ledger']) {
      const conditions = { ref_name: { include: [`refs/heads/${branch}`], exclude: [] } };
      const rules = ['deletion', 'non_fast_forward', 'pull_request'].map((type) => ({ type }));
      await github.ask('ada', 'POST', 'rulesets', { name: branch, enforcement: 'active', conditions, rules });
    }
    const { code, findings } = await doctor(asked());
    expect(findings.filter(({ outcome, area }) => outcome === 'fault' && area === 'GitHub')).toEqual([]);
    expect(code).toBe(0);
  });

  test('a token that may not see the repository is a fault in words', async () => {
    const { code, findings } = await doctor({ ...asked(), GITHUB_REPOSITORY: 'acme/other' });
    expect(code).toBe(1);
    expect(findings.find(({ subject }) => subject === 'acme/other')?.found).toContain('HTTP 404');
  });
});

/** Everything the workflows could ask for, by a coarser look than the doctor's own. */
async function variablesInUse(): Promise<readonly string[]> {
  const folders = await Promise.all(
    ['workflows', 'actions/login'].map(async (name) => {
      const path = join(repository, '.github', name);
      return Promise.all((await readdir(path)).map((file) => readFile(join(path, file), 'utf8')));
    }),
  );
  const names = folders
    .flat()
    .flatMap((text) => [...text.matchAll(/(?:\bvars|variables\))\.([A-Z_]+)/g)].map(([, name = '']) => name));
  return [...new Set(names)];
}
