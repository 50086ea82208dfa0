// The verbs that need the ledger alone, as a person types them: what they print as JSON, their exit codes, and what they leave behind.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import type { NewFact } from '../../contract/fact.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { openLedger } from '../../ledger/git.ts';
import { policyText, World } from '../delivery/world.ts';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);
const hour = 3_600_000;
let checkout: string;
let first: string;
let second: string;
let promotion: string;
const key = (name: string) => join(checkout, name);

/** Release 1 runs in prod; release 2 was proven in dev, and its promotion waits. */
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'trireme-verbs-'));
  await cp(join(project, 'stacks'), join(checkout, 'stacks'), { recursive: true });
  for (const name of ['rita', 'dana', 'mallory'])
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key(name)]);
  const keys = await Promise.all(
    ['rita', 'dana'].map(async (login) => {
      const publicKey = (await readFile(key(`${login}.pub`), 'utf8')).trim();
      return `{ login: ${login}, key: "${publicKey}" }`;
    }),
  );
  const policy = policyText
    .replace('local, github', 'local, signed')
    .replace('approvers: []', `approvers: [], breakGlass: [dana], keys: [${keys.join(', ')}]`);
  await writeFile(join(checkout, 'policy.yaml'), policy);

  const world = new World();
  world.nowMs = Date.now() - hour;
  const [one, two] = [await world.release(), await world.release()];
  await deployRelease(world.delivery(), one, 'dev');
  await deployRelease(world.delivery(), one, 'prod');
  await deployRelease(world.delivery(), two, 'dev');
  const prepared = await preparePromotion(world.delivery(), two, 'prod');
  first = releaseIdOf(one);
  second = releaseIdOf(two);
  promotion = prepared.promotion.body.promotion;
  const contents = world.facts.map(
    ({ schema: _schema, id: _id, previous: _previous, chain: _chain, ...content }): NewFact => content,
  );
  await (await ledger()).append(() => contents);
});
afterAll(() => rm(checkout, { recursive: true, force: true }));

const repository = () => join(checkout, '.trireme', 'ledger.git');
const ledger = () => openLedger({ repository: repository(), cache: join(checkout, 'reader') });

interface Said {
  readonly code: number;
  readonly json: unknown;
  readonly talk: string;
}

/** One command, its `--json` document, and what it said to the person. */
async function trireme(...words: readonly string[]): Promise<Said> {
  let data = '';
  let talk = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    data += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    talk += String(text);
    return true;
  });
  try {
    const shell = { PATH: process.env.PATH, HOME: checkout, TRIREME_ACTOR: 'rita' };
    const code = await main([...words, '--json'], { checkout, shell });
    expect(talk).not.toContain('this is a bug');
    return { code, json: JSON.parse(data), talk };
  } finally {
    stdout.mockRestore();
    stderr.mockRestore();
  }
}

const refusal = (code: string, message: string) => ({
  ok: false,
  error: { code, message: expect.stringContaining(message) },
});
const warned = (words: string) => ({ ok: true, warnings: [expect.stringContaining(words)] });
const status = () => trireme('status', '--ledger-only');

test('hold and unhold: everyone who looks sees it, and only a change is written', async () => {
  expect(await trireme('hold', '2', '--reason', 'wrong labels')).toMatchObject({
    code: 0,
    json: { ok: true, release: second, reason: 'wrong labels' },
  });
  expect(await status()).toMatchObject({ code: 0, json: warned(`${second} is held by rita: wrong labels`) });
  expect(await trireme('hold', '2', '--reason', 'again')).toMatchObject({
    code: 3,
    json: refusal('refused', 'is held by rita: wrong labels'),
  });
  expect(await trireme('unhold', '2', '--reason', 'labels are right')).toMatchObject({
    code: 0,
    json: { ok: true, release: second },
    talk: expect.stringContaining(`next: npx trireme promote --release ${second}`),
  });
  expect(await trireme('unhold', '2', '--reason', 'again')).toMatchObject({ code: 3 });
  expect(await status()).toMatchObject({ json: { warnings: [] } });
});

test('freeze and thaw: for good, for a time, and never into the past', async () => {
  expect(await trireme('freeze', '--reason', 'end of the year')).toMatchObject({
    code: 0,
    json: { ok: true, environment: 'prod', reason: 'end of the year' },
  });
  const until = new Date(Date.now() + hour).toISOString();
  expect(await trireme('freeze', '--reason', 'an hour more', '--until', until)).toMatchObject({
    code: 0,
    json: { until },
  });
  expect(await status()).toMatchObject({ json: warned(`prod is frozen by rita until ${until}: an hour more`) });
  expect(await trireme('thaw', '--reason', 'all is well')).toMatchObject({ code: 0, json: { environment: 'prod' } });
  expect(await trireme('thaw', '--reason', 'again')).toMatchObject({
    code: 3,
    json: refusal('refused', 'nobody froze'),
  });
});

test.each([
  [['hold', '99', '--reason', 'bad'], 2, 'expected a release'],
  [['hold', '2'], 2, '--reason'],
  [['hold', '2', '--reason', ' '], 2, 'found an empty one'],
  [['freeze', '--reason', 'x', '--environment', 'prd'], 2, '`prd`'],
  [['freeze', '--reason', 'x', '--until', '2001-01-01T00:00Z'], 2, 'in the future'],
  [['freeze', '--reason', 'x', '--until', '2001-01-01T00:00'], 2, 'its offset'],
  [['approve', 'prm-0000000000'], 2, 'expected a promotion'],
  [['history', '--verify', '--since', 'zz'], 2, 'hexadecimal'],
  [['history', '--kind', 'deploymnt'], 2, 'deployment'],
  [['metrics', '--since', '0d'], 2, '90d'],
  [['metrics', '--environment', 'prd'], 2, '`prd`'],
  [['promote', '--take-back'], 2, '--finalise'],
  [['promote', '--override', ' '], 2, 'with a reason'],
  [['promote', '--finalise', 'prm-0', '--release', '2'], 2, 'another way as well'],
  [['promote', '--finalise', 'prm-0000000000'], 2, 'expected a promotion'],
] as const)('%j ends with %i, says %j, and writes nothing', async (words, code, said) => {
  const before = (await (await ledger()).facts()).length;
  const ended = await trireme(...words);
  expect(ended).toMatchObject({ code, json: { ok: false } });
  expect(ended.talk).toContain(said);
  expect(await (await ledger()).facts()).toHaveLength(before);
});

test('approve on real clouds: by a listed key of somebody else, or by breaking the glass, and by nothing less', async () => {
  const sign = (name: string) => ['--as', name, '--sign', key(name)] as const;
  expect(await trireme('approve', promotion)).toMatchObject({ code: 3, json: refusal('refused', 'real clouds') });
  expect(await trireme('approve', promotion, '--as', 'rita', '--sign', key('mallory'))).toMatchObject({
    code: 3,
    json: refusal('refused', 'does not list for rita'),
  });
  expect(await trireme('approve', promotion, ...sign('dana'))).toMatchObject({
    code: 3,
    json: refusal('refused', 'dana wrote a commit'),
  });
  expect(await trireme('approve', promotion, '--sign', key('nobody'))).toMatchObject({ code: 2 });
  expect(await trireme('approve', promotion, '--break-glass', ' ')).toMatchObject({ code: 2 });
  expect(await trireme('approve', promotion, ...sign('rita'), '--break-glass', 'hurry')).toMatchObject({
    code: 3,
    json: refusal('refused', 'rita may not break glass'),
  });
  expect(await trireme('promote', '--finalise', promotion)).toMatchObject({
    code: 4,
    json: refusal('approval-needed', 'never started'),
  });

  const good = { promotion, approver: 'rita', signature: expect.stringContaining('BEGIN SSH SIGNATURE') };
  expect(await trireme('approve', promotion, ...sign('rita'))).toMatchObject({ code: 0, json: { ok: true, ...good } });
  const broken = await trireme('approve', promotion, ...sign('dana'), '--break-glass', 'prod is down');
  expect(broken).toMatchObject({
    code: 0,
    json: { ok: true, approver: 'dana', breakGlass: 'prod is down' },
    talk: expect.stringContaining('BREAKING GLASS (prod is down)'),
  });
  expect(await status()).toMatchObject({ json: warned(`BROKEN GLASS: dana let ${second} into prod`) });
});

test('promote --finalise: a leg that fell silent is unknown, one that never began is said to be that', async () => {
  const started = { actor: { login: 'rita', via: 'local' }, environment: 'prod', release: second } as const;
  await (await ledger()).append((facts): NewFact[] => {
    const prepared = facts.find((fact) => fact.kind === 'promotion');
    if (prepared?.kind !== 'promotion') throw new Error('a promotion was prepared');
    const at = new Date().toISOString();
    const leg = { ...started, at, kind: 'deployment' } as const;
    const body = { attempt: 'a', replaced: first };
    return [
      { ...started, at, kind: 'promotion', body: { ...prepared.body, state: 'started' } },
      { ...leg, stack: 'aws-prod', body: { ...body, state: 'healthy', seconds: 3 } },
      { ...leg, stack: 'gcp-prod', body: { ...body, state: 'proving' } },
    ];
  });
  const ended = await trireme('promote', '--finalise', promotion);
  expect(ended).toMatchObject({
    code: 6,
    json: {
      ok: false,
      stacks: [
        { stack: 'aws-prod', state: 'healthy', runs: second },
        { stack: 'azure-prod', state: 'skipped', runs: first, reason: expect.stringContaining('never began') },
        { stack: 'gcp-prod', state: 'unknown', runs: null },
      ],
    },
  });
  expect((await trireme('history', '--kind', 'promotion')).json).toMatchObject({
    facts: [{ body: { state: 'prepared' } }, { body: { state: 'started' } }, { body: { state: 'failed' } }],
  });
  expect(await status()).toMatchObject({ code: 6, talk: expect.stringContaining('npx trireme recover') });
});

test('metrics: what is known is counted, and what is not is null', async () => {
  const { code, json } = await trireme('metrics', '--since', '7d');
  expect(code).toBe(0);
  expect(json).toMatchObject({
    ok: true,
    environment: 'prod',
    deployments: { count: 1, perWeek: null },
    changeFailRate: { failed: 1 },
    approvalWait: { count: 1 },
    timeToRestore: { medianSeconds: null, open: 1 },
  });
});

test('history --verify: intact to a hash that is compared later; an edited branch is broken, with the fact', async () => {
  const whole = await trireme('history', '--verify');
  const facts = await (await ledger()).facts();
  const chain = facts.at(-1)?.chain ?? 'none';
  expect(whole).toMatchObject({ code: 0, json: { ok: true, intact: true, facts: facts.length, chain } });
  const since = ['history', '--verify', '--since'] as const;
  expect(await trireme(...since, facts[3]?.chain ?? '')).toMatchObject({ code: 0, json: { intact: true } });
  expect(await trireme(...since, '0'.repeat(64))).toMatchObject({
    code: 1,
    json: { ok: false, intact: false, found: expect.stringContaining('rewritten') },
  });

  const clone = join(checkout, 'clone');
  await run('git', ['clone', '-q', '-b', 'trireme-ledger', repository(), clone]);
  const approval = facts.find(({ kind }) => kind === 'approval')?.id ?? '';
  const file = join(clone, 'facts', approval.slice(0, 2), approval.slice(2, 4), `${approval}.json`);
  await writeFile(file, (await readFile(file, 'utf8')).replaceAll('rita', 'mary'));
  const who = ['-c', 'user.name=Mallory', '-c', 'user.email=mallory@trireme.example'];
  await run('git', ['-C', clone, ...who, 'commit', '-qam', 'nobody will notice']);
  await run('git', ['-C', clone, 'push', '-q']);
  const broken = await trireme('history', '--verify');
  expect(broken).toMatchObject({ code: 1, json: { ok: false, intact: false } });
  expect(broken.talk).toContain(approval);
});
