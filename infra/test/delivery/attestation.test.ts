import { describe, expect, it } from 'vitest';
import { releaseIdOf } from '../../contract/release.ts';
import type { Check, Outcome } from '../../contract/verification.ts';
import { attestationReasons, attestationRemarks } from '../../delivery/attestation.ts';
import { deployRelease } from '../../delivery/deploy.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { preparePromotion } from '../../delivery/prepare.ts';
import { rollback } from '../../delivery/rollback.ts';
import { policyText, World } from './world.ts';

const check = (name: string, outcome: Outcome): Check => ({
  name,
  outcome,
  expected: 'attested by release.yml',
  found: outcome === 'failed' ? 'workflow: evil.yml' : 'nothing attested',
  seconds: 0,
  source: 'a test',
});
const found = (provenance: Outcome, sbom: Outcome) => [check('provenance', provenance), check('sbom', sbom)];

describe('the rule', () => {
  it.each([
    ['required', found('passed', 'passed'), 0, 0],
    ['required', found('passed', 'errored'), 1, 0],
    ['required', found('failed', 'errored'), 2, 0],
    ['required', undefined, 1, 0],
    ['where-possible', found('passed', 'passed'), 0, 0],
    ['where-possible', found('errored', 'errored'), 0, 2],
    ['where-possible', found('failed', 'errored'), 1, 1],
    ['where-possible', undefined, 0, 1],
  ] as const)('%s, %j: %i reasons against, %i remarks', (level, checks, reasons, remarks) => {
    expect(attestationReasons(level, checks)).toHaveLength(reasons);
    expect(attestationRemarks(level, checks)).toHaveLength(remarks);
  });
});

describe('a release', () => {
  const required = parsePolicy(`${policyText}supplyChain: { attestations: required }\n`);
  const asked = (checks: readonly Check[]) => ({ attestations: { verify: async () => checks } });

  it('whose attestation is wrong reaches no stack, on any road', async () => {
    const world = new World();
    const good = world.delivery();
    const first = await world.release();
    const second = await world.release();
    for (const one of [first, second]) await deployRelease(good, one, 'dev');
    world.deployments.length = 0;
    const bad = world.delivery(undefined, asked(found('failed', 'passed')));
    const refusal = { code: 'refused', message: expect.stringContaining('workflow: evil.yml') };
    await expect(deployRelease(bad, second, 'dev')).rejects.toMatchObject(refusal);
    await expect(preparePromotion(bad, second, 'prod')).rejects.toMatchObject(refusal);
    await expect(rollback(bad, 'dev', { to: releaseIdOf(first) })).rejects.toMatchObject(refusal);
    expect(world.deployments).toEqual([]);
  });

  it('that is not attested enters prod, loudly, unless the policy requires it', async () => {
    const world = new World();
    const manifest = await world.release();
    const missing = asked(found('errored', 'errored'));
    await deployRelease(world.delivery(undefined, { ...missing, policy: required }), manifest, 'dev');
    await expect(
      preparePromotion(world.delivery(undefined, { ...missing, policy: required }), manifest, 'prod'),
    ).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('nothing attested') });
    world.said.length = 0;
    await preparePromotion(world.delivery(undefined, missing), manifest, 'prod');
    expect(world.said.join('\n')).toContain('NOT ATTESTED: provenance');
  });

  it('goes back while nobody can tell, also where the policy requires it', async () => {
    const world = new World();
    const delivery = world.delivery();
    const first = await world.release();
    for (const one of [first, await world.release()]) await deployRelease(delivery, one, 'dev');
    const blind = world.delivery(undefined, { ...asked(found('errored', 'errored')), policy: required });
    const { stacks } = await rollback(blind, 'dev', { to: releaseIdOf(first) });
    expect(stacks.map(({ state }) => state)).toEqual(['healthy', 'healthy', 'healthy']);
  });
});
