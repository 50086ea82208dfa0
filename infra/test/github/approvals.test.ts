import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { githubApprover } from '../../github/approvals.ts';
import { World } from '../delivery/world.ts';

const guarded = {
  protection_rules: [{ type: 'required_reviewers', prevent_self_review: true, reviewers: [{ type: 'User' }] }],
};
const approved = { state: 'approved', environments: [{ name: 'prod' }], user: { login: 'alice' }, comment: '' };

let answers: Record<string, { status?: number; body: unknown }>;
let asked: string[];
const server = createServer((request, response) => {
  asked.push(`${request.url} ${request.headers.authorization}`);
  const answer = answers[request.url ?? ''];
  response.writeHead(answer?.status ?? (answer === undefined ? 404 : 200), { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer?.body ?? {}));
});

beforeEach(async () => {
  asked = [];
  answers = {
    '/repos/o/r/environments/prod': { body: guarded },
    '/repos/o/r/actions/runs/7/approvals': { body: [approved] },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

async function decide() {
  const world = new World();
  const delivery = world.delivery(['gcp-dev', 'gcp-prod']);
  const manifest = await world.release();
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  const { port } = server.address() as AddressInfo;
  const run = {
    repository: 'o/r',
    runId: '7',
    token: 't',
    apiUrl: `http://127.0.0.1:${port}`,
    serverUrl: 'https://github.test',
  };
  return githubApprover(run).decide(promotion, manifest);
}

describe('the reviewer of this run', () => {
  test('approves, with the run as the place where it is written', async () => {
    expect(await decide()).toEqual({
      actor: { login: 'alice', via: 'github' },
      url: 'https://github.test/o/r/actions/runs/7',
    });
    expect(asked).toContain('/repos/o/r/actions/runs/7/approvals Bearer t');
  });

  test.each([
    ['nobody reviewed', []],
    ['it was rejected', [{ ...approved, state: 'rejected' }]],
    ['another environment was approved', [{ ...approved, environments: [{ name: 'dev' }] }]],
    ['the reviewer is gone from GitHub', [{ ...approved, user: null }]],
  ])('does not approve when %s', async (_, body) => {
    answers['/repos/o/r/actions/runs/7/approvals'] = { body };
    expect(await decide()).toBeUndefined();
  });
});

describe('an environment that guards nothing is refused', () => {
  test.each([
    ['without rules', {}, 'no required reviewers, self-review not prevented'],
    [
      'without reviewers',
      { protection_rules: [{ ...guarded.protection_rules[0], reviewers: [] }] },
      'no required reviewers',
    ],
    [
      'with self-review',
      { protection_rules: [{ ...guarded.protection_rules[0], prevent_self_review: false }] },
      'self-review',
    ],
  ])('%s', async (_, body, words) => {
    answers['/repos/o/r/environments/prod'] = { body };
    await expect(decide()).rejects.toThrow(words);
  });

  test('or when GitHub does not say, or says something else', async () => {
    answers['/repos/o/r/environments/prod'] = { status: 403, body: {} };
    await expect(decide()).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('HTTP 403') });
    answers['/repos/o/r/environments/prod'] = { body: guarded };
    answers['/repos/o/r/actions/runs/7/approvals'] = { body: { approvals: [] } };
    await expect(decide()).rejects.toMatchObject({ code: 'document-invalid' });
  });
});
