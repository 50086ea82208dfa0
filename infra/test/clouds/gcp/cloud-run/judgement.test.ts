import { describe, expect, it } from 'vitest';
import { type CloudRunObservation, judge } from '../../../../clouds/gcp/cloud-run/judgement.ts';

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
    const judgement = judge(observation, wanted);
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.found).toMatch(found);
    expect(judgement.source).toContain(service);
  });
});
