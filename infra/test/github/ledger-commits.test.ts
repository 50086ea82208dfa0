import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { schema as published } from '@octokit/graphql-schema';
import { buildSchema, coerceInputValue, type GraphQLInputType, parse, validate } from 'graphql';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { arrange } from '../../emulator/github/arrange.ts';
import { type EmulatedGithub, startGithub } from '../../emulator/github/github.ts';
import { commitInput, createCommit, githubCommits, repositoryOnGithub } from '../../github/ledger-commits.ts';
import { ledgerBranch, openLedger } from '../../ledger/git.ts';
import { deploymentFact, releaseFact } from '../ledger/sample-facts.ts';

const run = promisify(execFile);
let folder: string;
let repository: string;
let github: EmulatedGithub;
let caches = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-commits-'));
  repository = join(folder, 'remote.git');
  await run('git', ['init', '-q', '--bare', repository]);
  github = await startGithub();
  arrange(github.state, {
    people: [{ login: 'alice' }, { login: 'rita' }],
    repository: 'acme/trireme',
    roles: { alice: 'write', rita: 'read' },
    gitDirectory: repository,
  });
});
afterEach(async () => {
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});

function open(ask: typeof fetch = fetch, token = 'user:alice') {
  const commit = githubCommits({ repository: 'acme/trireme', token, apiUrl: github.url }, ledgerBranch, ask);
  caches += 1;
  return openLedger({ repository: `file://${repository}`, cache: join(folder, `cache-${caches}`), commit });
}

describe('the mutation', () => {
  it('is what GitHub’s published schema takes', () => {
    const schema = buildSchema(published.idl, { assumeValid: true });
    expect(validate(schema, parse(createCommit))).toEqual([]);
    const type = schema.getType('CreateCommitOnBranchInput') as GraphQLInputType;
    const input = commitInput('acme/trireme', ledgerBranch, {
      expected: 'a'.repeat(40),
      append: 'one',
      headline: 'trireme: release rel-1\ntrireme: deployment',
      files: [{ path: 'facts/a.json', text: '{"ü":1}\n' }],
    });
    expect(coerceInputValue(input, type)).toMatchObject({ expectedHeadOid: 'a'.repeat(40) });
    expect(input.message).toEqual({ headline: 'trireme: release rel-1', body: 'trireme: deployment\nAppend: one' });
    expect(Buffer.from(input.fileChanges.additions[0]?.contents ?? '', 'base64').toString()).toBe('{"ü":1}\n');
  });
});

describe('a ledger that GitHub commits to', () => {
  it('begins its branch, goes on, and is read by anyone', async () => {
    const ledger = await open();
    await ledger.append(() => [releaseFact(1)]);
    await ledger.append(() => [deploymentFact('gcp-dev', 1, 'updating'), deploymentFact('gcp-dev', 1, 'healthy')]);
    const plain = await openLedger({ repository, cache: join(folder, 'plain') });
    expect(await plain.verify()).toEqual(await ledger.facts());
    expect(await plain.facts()).toHaveLength(3);
  });

  it('loses nothing to writers by both roads at once', async () => {
    await (await open()).append(() => [releaseFact(1)]);
    const pushing = await openLedger({ repository, cache: join(folder, 'pushing') });
    const writers = [await open(), await open(), await open(), pushing];
    await Promise.all(writers.map((writer) => writer.append((facts) => [releaseFact(facts.length + 1)])));
    const facts = await (await open()).verify();
    expect(facts.map((fact) => (fact.kind === 'release' ? fact.body.manifest.sequence : 0))).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['its branch begins', false],
    ['it goes on', true],
  ])('keeps one fact when the answer is lost as %s', async (_name, begun) => {
    if (begun) await (await open()).append(() => [releaseFact(1)]);
    let losses = 0;
    const ledger = await open(async (...request) => {
      const answer = await fetch(...request);
      const last = /graphql$|refs$/.test(String(request[0]));
      if (last && losses++ === 0) throw new TypeError('terminated');
      return answer;
    });
    let asked = 0;
    await ledger.append((facts) => {
      asked++;
      return [releaseFact(facts.length + 1)];
    });
    expect([asked, losses]).toEqual([1, 1]);
    expect(await (await open()).facts()).toHaveLength(begun ? 2 : 1);
  });

  it('tries again after a bad minute of GitHub', async () => {
    const ledger = await open();
    await ledger.append(() => [releaseFact(1)]);
    github.state.failures.push(502, 503);
    await ledger.append(() => [releaseFact(2)]);
    expect(await ledger.facts()).toHaveLength(2);
  });

  it.each([
    ['nobody', 'nonsense', 'refused'],
    ['who may only read', 'user:rita', 'refused'],
  ])('is refused to %s, once and clearly', async (_name, token, code) => {
    await (await open()).append(() => [releaseFact(1)]);
    let requests = 0;
    const counting: typeof fetch = (...request) => {
      requests++;
      return fetch(...request);
    };
    await expect((await open(counting, token)).append(() => [releaseFact(2)])).rejects.toMatchObject({
      code,
      message: expect.stringContaining('acme/trireme'),
      hint: expect.stringContaining('contents: write'),
    });
    expect(requests).toBe(1);
  });

  it.each([
    ['a rate limit', new Response('{"message":"slow down"}', { status: 403, headers: { 'retry-after': '1' } })],
    ['an error that says nothing', new Response('oops', { status: 500 })],
    ['an error without a type', Response.json({ data: null, errors: [{ message: 'Something went wrong' }] })],
    ['an answer of another shape', new Response('[]', { status: 200 })],
  ])('could not tell after %s', async (_name, answer) => {
    await (await open()).append(() => [releaseFact(1)]);
    const ledger = await open(async () => answer.clone());
    await expect(ledger.append(() => [releaseFact(2)])).rejects.toMatchObject({ code: 'errored' });
    expect(await ledger.facts()).toHaveLength(1);
  });
});

it.each([
  ['https://github.com/acme/trireme', 'acme/trireme'],
  ['https://github.com/acme/trireme.git', 'acme/trireme'],
  ['https://x-access-token:secret@github.com/acme/trireme.git', 'acme/trireme'],
  ['git@github.com:acme/trireme.git', 'acme/trireme'],
  ['ssh://git@github.com/acme/trireme', 'acme/trireme'],
  ['https://gitlab.com/acme/trireme', undefined],
  ['https://github.com.example.org/acme/trireme', undefined],
  ['/var/lib/github.com/acme/trireme', undefined],
  ['.trireme/ledger.git', undefined],
])('the repository of %s is %s', (ledger, expected) => {
  expect(repositoryOnGithub(ledger, 'https://github.com')).toBe(expected);
});
