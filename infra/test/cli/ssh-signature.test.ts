import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signWith, sshSignatures } from '../../cli/ssh-signature.ts';
import type { FactOf } from '../../contract/fact.ts';
import { approvePromotion } from '../../delivery/approve.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { promote } from '../../delivery/promote.ts';
import { policyText, World } from '../delivery/world.ts';

const shell = { PATH: process.env.PATH, HOME: process.env.HOME };
const alice = { login: 'alice', via: 'local' } as const;
let folder: string;
let publicKey: string;
const key = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trireme-keys-'));
  for (const name of ['alice', 'mallory']) {
    await promisify(execFile)('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', key(name)]);
  }
  publicKey = (await readFile(key('alice.pub'), 'utf8')).trim();
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A promotion that waits on real clouds, for a team whose repository has no required reviewers. */
async function waiting(via = 'github, signed') {
  const world = new World();
  const text = policyText
    .replace('local, github', via)
    .replace('approvers: []', `approvers: [], keys: [{ login: alice, key: "${publicKey}" }]`);
  const signatures = sshSignatures(shell);
  const delivery = world.delivery(undefined, { policy: parsePolicy(text), signatures, emulated: false });
  const manifest = await world.release({ image: { ...(await new World().release()).image, builder: 'dockerfile' } });
  await deployRelease(delivery, manifest, 'dev');
  const { promotion } = await preparePromotion(delivery, manifest, 'prod');
  return { world, delivery, manifest, id: promotion.body.promotion };
}

/** Puts another approval in the place of the one that was given, as somebody could who may write to the ledger's branch. */
function forge(world: World, change: (body: FactOf<'approval'>['body']) => Partial<FactOf<'approval'>['body']>): void {
  const index = world.facts.findLastIndex((fact) => fact.kind === 'approval');
  const given = world.facts[index];
  if (given?.kind !== 'approval') throw new Error('an approval was given');
  world.facts[index] = { ...given, body: { ...given.body, ...change(given.body) } };
}

describe('a signed approval on real clouds', () => {
  test('by a key that the policy lists lets the promotion through', async () => {
    const { delivery, id } = await waiting();
    const approval = await approvePromotion(delivery, id, alice, { sign: signWith(shell, key('alice')) });
    expect(approval.body.signature).toMatch(/^-----BEGIN SSH SIGNATURE-----/);
    expect((await promote(delivery, id)).stacks.map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
  });

  test('by a key that it does not list is refused at once, and recorded nowhere', async () => {
    const { world, delivery, id } = await waiting();
    await expect(approvePromotion(delivery, id, alice, { sign: signWith(shell, key('mallory')) })).rejects.toThrow(
      /made by ED25519 key SHA256:\S+, which policy.yaml does not list for alice/,
    );
    expect(world.facts.some(({ kind }) => kind === 'approval')).toBe(false);
  });

  test('counts only where the policy names it, and an unsigned local one counts never', async () => {
    const { delivery, id } = await waiting('github');
    await expect(approvePromotion(delivery, id, alice, { sign: signWith(shell, key('alice')) })).rejects.toThrow(
      'accepts approvals by github, not by signed',
    );
    const both = await waiting('local, signed');
    await expect(approvePromotion(both.delivery, both.id, alice)).rejects.toThrow('real clouds accept');
  });

  test('stops counting when its key leaves the policy', async () => {
    const { delivery, id } = await waiting();
    await approvePromotion(delivery, id, alice, { sign: signWith(shell, key('alice')) });
    const policy = { ...delivery.policy, approvals: { ...delivery.policy.approvals, keys: [] } };
    await expect(promote({ ...delivery, policy }, id)).rejects.toThrow('which policy.yaml does not list for alice');
  });

  test('counts for nothing where nobody can verify it', async () => {
    const { delivery, id } = await waiting();
    await approvePromotion(delivery, id, alice, { sign: signWith(shell, key('alice')) });
    await expect(promote({ ...delivery, signatures: undefined }, id)).rejects.toThrow('nothing here can verify it');
  });

  const forgeries: readonly [string, Parameters<typeof forge>[1], RegExp][] = [
    ['a later end', () => ({ expires: '2099-01-01T00:00:00Z' }), /does not belong to what was approved/],
    ['broken glass', () => ({ breakGlass: 'hurry' }), /does not belong to what was approved/],
    ['another approver', () => ({ approver: 'bob' }), /the signature by bob does not belong to what was approved/],
    ['no signature', () => ({ signature: undefined }), /real clouds accept approvals by GitHub or by a signature only/],
    ['text for a signature', () => ({ signature: 'trust me' }), /does not belong to what was approved/],
  ];
  test.each(forgeries)('into which somebody wrote %s is refused by name', async (_, change, words) => {
    const { world, delivery, id } = await waiting();
    await approvePromotion(delivery, id, alice, { sign: signWith(shell, key('alice')) });
    forge(world, change);
    const before = world.deployments.length;
    await expect(promote(delivery, id)).rejects.toThrow(words);
    expect(world.deployments).toHaveLength(before);
  });

  test('of another promotion is refused, and so is a signature that another one wrote', async () => {
    const one = await waiting();
    const first = await approvePromotion(one.delivery, one.id, alice, { sign: signWith(shell, key('alice')) });
    const { promotion } = await preparePromotion(one.delivery, one.manifest, 'prod');
    const id = promotion.body.promotion;
    await approvePromotion(one.delivery, id, alice, { sign: signWith(shell, key('alice')) });
    forge(one.world, () => ({ signature: first.body.signature }));
    await expect(promote(one.delivery, id)).rejects.toThrow('does not belong to what was approved');

    const other = await waiting();
    await approvePromotion(other.delivery, other.id, alice, { sign: signWith(shell, key('alice')) });
    const forged = await signWith(shell, key('mallory'))('anything');
    forge(other.world, () => ({ signature: forged }));
    await expect(promote(other.delivery, other.id)).rejects.toThrow('does not belong to what was approved');
  });

  test('is signed again when the environment moves meanwhile', async () => {
    const { world, delivery, id } = await waiting();
    const sign = signWith(shell, key('alice'));
    let rounds = 0;
    const approval = await approvePromotion(delivery, id, alice, {
      sign: async (text) => {
        rounds += 1;
        if (rounds === 1)
          await deployRelease({ ...delivery, emulated: true }, await world.release(), 'prod', { stacks: ['gcp-prod'] });
        return sign(text);
      },
    });
    expect(rounds).toBe(2);
    expect(approval.body.environmentHead).not.toBeNull();
  });
});

test('a machine without ssh-keygen says so, and a key that is none as well', async () => {
  const nowhere = signWith({ PATH: folder }, key('alice'));
  await expect(nowhere('x')).rejects.toMatchObject({ code: 'cli-missing', hint: expect.stringContaining('OpenSSH') });
  await expect(signWith(shell, key('nobody'))('x')).rejects.toMatchObject({
    code: 'usage',
    message: expect.stringContaining('found: '),
  });
});

test('a policy that accepts signatures names keys, each for one login', () => {
  const twice = `keys: [{ login: alice, key: "${publicKey}" }, { login: bob, key: "${publicKey}" }]`;
  const signed = policyText.replace('local, github', 'signed');
  expect(() => parsePolicy(signed)).toThrow('expected at least one key');
  expect(() => parsePolicy(signed.replace('approvers: []', `approvers: [], ${twice}`))).toThrow('have the same key');
  expect(() =>
    parsePolicy(signed.replace('approvers: []', `approvers: [], keys: [{ login: "* bob", key: "${publicKey}" }]`)),
  ).toThrow('expected a login');
});
