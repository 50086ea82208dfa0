import { describe, expect, it } from 'vitest';
import { type Asked, type CloudRunObservation, judge, judged } from '../../../../clouds/gcp/cloud-run/judgement.ts';

const wanted = `r.example/trireme@sha256:${'2'.repeat(64)}`;
const service = 'projects/p/locations/l/services/trireme-dev';
const first = `${service}/revisions/trireme-dev-1`;
const second = `${service}/revisions/trireme-dev-2`;
const latest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';
type Found = NonNullable<CloudRunObservation['found']>;

const good: Found = {
  reconciling: false,
  generation: '2',
  observedGeneration: '2',
  terminal: { type: 'Ready', state: 'CONDITION_SUCCEEDED' },
  latestReady: second,
  latestCreated: second,
  traffic: [{ type: latest, percent: 100 }],
};
const observed = (changes: Partial<Found> = {}, image: string = wanted): CloudRunObservation => ({
  service,
  found: { ...good, ...changes },
  revision: { name: second, image, conditions: [], logUri: 'https://logs.example' },
});
const failed = { terminal: { state: 'CONDITION_FAILED', message: 'Revision is not ready' } };
const withCondition = (observation: CloudRunObservation): CloudRunObservation => ({
  ...observation,
  revision: {
    name: second,
    image: wanted,
    conditions: [{ type: 'ContainerHealthy', state: 'CONDITION_FAILED', message: 'the startup probe failed' }],
    logUri: 'https://logs.example',
  },
});

describe('what Cloud Run says about a deployment', () => {
  it.each<[string, CloudRunObservation, string, RegExp]>([
    ['ready with all traffic', observed(), 'passed', /trireme-dev-2 runs .*sha256:2.* with all traffic/],
    [
      'ready with all traffic by name',
      observed({ traffic: [{ revision: 'trireme-dev-2', percent: 100 }] }),
      'passed',
      /all traffic/,
    ],
    [
      'all traffic in two parts',
      observed({
        traffic: [
          { type: latest, percent: 40 },
          { revision: second, percent: 60 },
        ],
      }),
      'passed',
      /all traffic/,
    ],
    [
      'a failed revision, the last good one still serving',
      withCondition(observed({ ...failed, latestReady: first })),
      'failed',
      /^trireme-dev-2 failed: the startup probe failed; trireme-dev-1 still serves; log: https:\/\/logs/,
    ],
    [
      'a failure without a reason in the revision',
      observed({ ...failed, latestReady: first }),
      'failed',
      /Revision is not ready/,
    ],
    ['a first revision that failed', observed({ ...failed, latestReady: undefined }), 'failed', /nothing serves/],
    ['another image', observed({}, `r.example/trireme@sha256:${'1'.repeat(64)}`), 'failed', /runs .*sha256:1/],
    [
      'traffic pinned elsewhere',
      observed({ traffic: [{ revision: first, percent: 100 }] }),
      'failed',
      /gets 0 % of the traffic; traffic: trireme-dev-1 100 %/,
    ],
    [
      'a share of the traffic',
      observed({
        traffic: [
          { revision: first, percent: 10 },
          { type: latest, percent: 90 },
        ],
      }),
      'failed',
      /gets 90 %/,
    ],
    ['no traffic', observed({ traffic: [] }), 'failed', /no traffic is assigned/],
    [
      'reconciling',
      observed({ reconciling: true, observedGeneration: '1' }),
      'wait',
      /reconciling generation 2, observed 1/,
    ],
    ['an old answer about a newer generation', observed({ observedGeneration: '1' }), 'wait', /observed 1/],
    ['pending', observed({ terminal: { state: 'CONDITION_PENDING' } }), 'wait', /CONDITION_PENDING/],
    [
      'created but not ready yet',
      observed({ latestReady: first }),
      'wait',
      /trireme-dev-2 is not ready; ready is trireme-dev-1/,
    ],
    ['an unset state', observed({ terminal: undefined }), 'errored', /unset/],
    ['no such service', { service }, 'errored', /no such service/],
  ])('%s', (_what, observation, outcome, found) => {
    const judgement = judge(observation, { imageRef: wanted, stage: 'live' });
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.found).toMatch(found);
    expect(judgement.source).toContain(service);
  });
});

describe('what Cloud Run says about a candidate beside what is live', () => {
  const tagged = (percent: number): Found['traffic'] => [
    { revision: 'trireme-dev-1', percent: 100 - percent },
    { revision: 'trireme-dev-2', percent, tag: 'candidate' },
  ];
  const beside = (percent: number, changes: Partial<Found> = {}, image: string = wanted) =>
    observed({ intended: tagged(percent), traffic: tagged(percent), ...changes }, image);
  const live = (changes: Partial<Found> = {}, image: string = wanted): CloudRunObservation => ({
    ...beside(0, { ...failed, latestReady: first, ...changes }),
    revision: { name: first, image, conditions: [{ type: 'Ready', state: 'CONDITION_SUCCEEDED' }] },
  });
  const other = `r.example/trireme@sha256:${'1'.repeat(64)}`;

  it.each<[string, CloudRunObservation, Omit<Asked, 'imageRef'>, string, RegExp]>([
    ['tagged, without traffic', beside(0), { stage: 'candidate' }, 'passed', /with 0 % of the traffic/],
    [
      'with traffic it must not have yet',
      beside(10),
      { stage: 'candidate' },
      'failed',
      /with 10 %.*trireme-dev-1 90 %/,
    ],
    [
      'not tagged',
      observed({ traffic: [{ revision: 'trireme-dev-1', percent: 100 }] }),
      { stage: 'candidate' },
      'failed',
      /trireme-dev-2 is not tagged/,
    ],
    ['of another image', beside(0, {}, other), { stage: 'candidate' }, 'failed', /runs .*sha256:1/],
    [
      'that never became ready',
      beside(0, { ...failed, latestReady: first }),
      { stage: 'candidate' },
      'failed',
      /trireme-dev-2 failed: Revision is not ready; trireme-dev-1 still serves/,
    ],
    ['with its share', beside(10), { stage: 'share', sharePercent: 10 }, 'passed', /with 10 %/],
    ['without its share', beside(0), { stage: 'share', sharePercent: 10 }, 'failed', /with 0 %/],
    ['with more than its share', beside(50), { stage: 'share', sharePercent: 10 }, 'failed', /with 50 %/],
    ['still being routed', beside(10, { reconciling: true }), { stage: 'share', sharePercent: 10 }, 'wait', /reconcil/],
    [
      'what is live, with a candidate that failed beside it',
      live(),
      { stage: 'live' },
      'passed',
      /trireme-dev-1 runs .*all traffic, beside trireme-dev-2/,
    ],
    ['what is live, of another image', live({}, other), { stage: 'live' }, 'failed', /trireme-dev-1 runs .*sha256:1/],
    [
      'what is live, while its traffic is not what was asked for',
      live({ traffic: tagged(10) }),
      { stage: 'live' },
      'failed',
      /trireme-dev-1 gets 90 % of the traffic/,
    ],
    [
      'what is live, while a candidate has a share that was asked for',
      beside(10),
      { stage: 'live' },
      'failed',
      /trireme-dev-2 gets 10 % of the traffic/,
    ],
    [
      'what is live, and has failed since',
      {
        ...live(),
        revision: {
          name: first,
          image: wanted,
          conditions: [{ type: 'Ready', state: 'CONDITION_FAILED', message: 'x' }],
        },
      },
      { stage: 'live' },
      'failed',
      /trireme-dev-1 failed: x/,
    ],
    ['what is live, and is gone', { ...live(), revision: undefined }, { stage: 'live' }, 'errored', /no such revision/],
  ])('%s', (_what, observation, asked, outcome, found) => {
    const judgement = judge(observation, { imageRef: wanted, ...asked });
    expect({ outcome: judgement.outcome, found: judgement.found }).toEqual({
      outcome,
      found: expect.stringMatching(found),
    });
  });

  it.each<[string, Partial<Found>, Asked['stage'], string | undefined]>([
    ['the tagged one', { traffic: tagged(10) }, 'candidate', 'trireme-dev-2'],
    ['the latest, where none is tagged', { traffic: [] }, 'candidate', second],
    ['the one that all traffic is meant for', { intended: tagged(0) }, 'live', 'trireme-dev-1'],
    ['the latest, where traffic is shared', { intended: tagged(10) }, 'live', second],
    ['the latest, where traffic follows it', { intended: [{ type: latest, percent: 100 }] }, 'live', second],
  ])('the proof is about %s', (_what, changes, stage, expected) => {
    expect(judged({ ...good, ...changes }, stage)).toBe(expected);
  });
});
