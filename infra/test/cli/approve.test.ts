import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Cli, Ending } from '../../cli/cli.ts';
import { createOutput } from '../../cli/output.ts';
import { approve } from '../../cli/verbs/approve.ts';
import { openLedger } from '../../ledger/git.ts';
import { promotionFact, releaseFact } from '../ledger/sample-facts.ts';

const promotion = 'prm-0123456789';
const guarded = { type: 'required_reviewers', prevent_self_review: true, reviewers: [{ type: 'User' }] };

let folder: string;
let rules: readonly unknown[];
let reviews: readonly unknown[];
const github = createServer((request, response) => {
  response.end(JSON.stringify(request.url?.endsWith('/approvals') ? reviews : { protection_rules: rules }));
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-approve-'));
  rules = [guarded];
  reviews = [{ state: 'approved', environments: [{ name: 'prod' }], user: { login: 'grace' } }];
  await new Promise<void>((resolve) => github.listen(0, '127.0.0.1', resolve));
  await (await ledger()).append(() => [releaseFact(1), promotionFact('prod', 1, promotion)]);
});
afterEach(async () => {
  await new Promise((resolve) => github.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

const ledger = () => openLedger({ repository: join(folder, 'ledger.git'), cache: join(folder, 'reader') });

/** The gate of a production job: `trireme approve <promotion>` in GitHub Actions, on real clouds. */
async function gate(): Promise<Ending | undefined> {
  const { port } = github.address() as AddressInfo;
  let ending: Ending | undefined;
  const cli: Cli = {
    environment: {
      checkout: fileURLToPath(new URL('../../..', import.meta.url)),
      stateDirectory: folder,
      shell: {},
      variables: {},
      emulated: undefined,
      ledger: join(folder, 'ledger.git'),
      login: 'github-actions[bot]',
      actions: {
        repository: 'o/r',
        runId: '7',
        token: 't',
        apiUrl: `http://127.0.0.1:${port}`,
        serverUrl: 'https://github.test',
      },
    },
    output: createOutput(),
    signal: new AbortController().signal,
    interactive: false,
    end: (how) => {
      ending = how;
    },
  };
  await approve(cli).parseAsync([promotion], { from: 'user' });
  return ending;
}

const approvals = async () => (await (await ledger()).facts()).filter(({ kind }) => kind === 'approval');

describe('trireme approve in GitHub Actions', () => {
  it('records the reviewer of the run, not the account the job runs as', async () => {
    expect((await gate())?.sentence).toContain(`grace approved ${promotion}`);
    expect(await approvals()).toMatchObject([
      { actor: { login: 'grace', via: 'github' }, body: { url: 'https://github.test/o/r/actions/runs/7' } },
    ]);
  });

  it('records one approval however many legs ask', async () => {
    await Promise.all([gate(), gate(), gate()]);
    expect(await approvals()).toHaveLength(1);
  });

  it('ends with approval-needed when nobody reviewed the run', async () => {
    reviews = [];
    await expect(gate()).rejects.toMatchObject({ code: 'approval-needed' });
    expect(await approvals()).toEqual([]);
  });

  it('refuses an environment that would let anyone through', async () => {
    rules = [{ ...guarded, prevent_self_review: false }];
    await expect(gate()).rejects.toMatchObject({ code: 'refused' });
    expect(await approvals()).toEqual([]);
  });
});
