import { describe, expect, it } from 'vitest';
import { revisionName, shortName, usesTag } from '../../../../clouds/gcp/cloud-run/revision.ts';
import { trafficFor } from '../../../../clouds/gcp/cloud-run/rollout.ts';
import type { Staged } from '../../../../contract/service.ts';

const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
const all = (revision: string) => [{ type, revision, percent: 100 }];

describe('who gets the requests', () => {
  it.each<[string, string | undefined, Staged, unknown]>([
    ['a first release: all', undefined, { stage: 'candidate' }, all('new')],
    [
      'a candidate: none, at an address of its own',
      'old',
      { stage: 'candidate' },
      [...all('old'), { type, revision: 'new', tag: 'candidate' }],
    ],
    [
      'a share: so many, at the same address too',
      'old',
      { stage: 'share', sharePercent: 10 },
      [
        { type, revision: 'old', percent: 90 },
        { type, revision: 'new', tag: 'candidate', percent: 10 },
      ],
    ],
    ['what is live: all, and no tag', undefined, { stage: 'live' }, all('new')],
    ['what is live already: all, as a candidate too', 'new', { stage: 'candidate' }, all('new')],
    ['what is live already: all, with a share too', 'new', { stage: 'share', sharePercent: 10 }, all('new')],
  ])('%s', (_what, running, staged, expected) => {
    expect(trafficFor('new', running, staged)).toEqual(expected);
  });
});

describe('the name of a revision', () => {
  const template = { containers: [{ image: 'a@sha256:1', envs: [{ name: 'A', value: '1' }] }] };
  const name = revisionName('trireme-prod', 'rel-12-0123456789ab', template);

  it('says which release it is, and begins with the service as the vendor wants it', () => {
    expect(name).toMatch(/^trireme-prod-rel-12-[0-9a-f]{10}$/);
    expect(revisionName('trireme-prod', 'rel-999999-0123456789ab', template).length).toBeLessThanOrEqual(63);
  });

  it('is the same for the same content, in whatever order, and another for any other', () => {
    const { containers } = template;
    expect(revisionName('trireme-prod', 'rel-12-0123456789ab', { ...template })).toBe(name);
    expect(revisionName('trireme-prod', 'rel-12-0123456789ab', { timeout: '300s', containers })).toBe(
      revisionName('trireme-prod', 'rel-12-0123456789ab', { containers, timeout: '300s' }),
    );
    expect(revisionName('trireme-prod', 'rel-12-0123456789ab', { containers, timeout: '300s' })).not.toBe(name);
  });

  it('is read from its full path too', () => {
    expect(shortName(`projects/p/locations/l/services/s/revisions/${name}`)).toBe(name);
    expect(shortName(name)).toBe(name);
  });

  it('is the platform’s to choose in dev, where nothing runs beside what is live', () => {
    expect([usesTag({ environment: 'dev' }), usesTag({ environment: 'prod' })]).toEqual([false, true]);
  });
});
