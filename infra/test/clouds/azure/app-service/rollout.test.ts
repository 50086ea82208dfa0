import { describe, expect, it } from 'vitest';
import { diversionOf, liveRelease } from '../../../../clouds/azure/app-service/rollout.ts';
import type { CurrentRelease, ReleaseArgs, Staged } from '../../../../contract/service.ts';
import { parseStack } from '../../../../contract/stack.ts';

const stack = parseStack('azure-prod');
const release = { releaseId: 'rel-2-222222222222', imageDigest: 'd2', buildId: 'b2', imageRef: 'r@d2' } as ReleaseArgs;
const current: CurrentRelease = {
  releaseId: 'rel-1-111111111111',
  imageDigest: 'd1',
  buildId: 'b1',
  imageRef: 'r@d1',
  revision: 'DOCKER|r@d1',
  candidateEndpoint: 'https://app-candidate.azurewebsites.net',
};
const rule = { name: 'candidate', actionHostName: 'app-candidate.azurewebsites.net', reroutePercentage: 10 };

describe('what production runs, and which of its requests the slot answers', () => {
  it.each<[Staged, string, unknown]>([
    [{ stage: 'candidate' }, current.releaseId, []],
    [{ stage: 'share', sharePercent: 10 }, current.releaseId, [rule]],
    [{ stage: 'live' }, release.releaseId, []],
  ])('%j', (staged, live, rampUpRules) => {
    const args = { stack, release, current, ...staged };
    expect(liveRelease(args).releaseId).toBe(live);
    expect(diversionOf(args)).toEqual({ rampUpRules });
  });

  it('is the release itself where there is no slot, and no rule is written', () => {
    const args = { stack: parseStack('azure-dev'), release, current, stage: 'candidate' } as const;
    expect(liveRelease(args)).toBe(release);
    expect(diversionOf(args)).toBeUndefined();
  });

  it('is no share of what nobody put into the slot', () => {
    const { candidateEndpoint: _, ...without } = current;
    expect(() => diversionOf({ stack, release, current: without, stage: 'share', sharePercent: 10 })).toThrow(
      'expected a candidate in the slot before it gets a share',
    );
  });
});
