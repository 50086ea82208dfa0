import { describe, expect, it } from 'vitest';
import {
  type AppServiceObservation,
  type Diversion,
  judge,
  newestLine,
  startFailure,
} from '../../../../clouds/azure/app-service/judgement.ts';

const digest = `sha256:${'2'.repeat(64)}`;
const release = {
  releaseId: 'rel-2-222222222222',
  imageDigest: digest,
  buildId: 'bld-222222222222',
  imageRef: `r.azurecr.io/trireme@${digest}`,
} as const;
const { imageRef: _ref, ...identity } = release;
const answering = { status: 200, body: identity };
const dead = { status: 503 };
const ping =
  "2026-11-21T10:05:00.000Z ERROR - Container c didn't respond to HTTP pings on port: 8080, failing site start.";
const ready =
  '2026-11-21T10:06:00.000Z INFO  - Container c for site s initialized successfully and is ready to serve requests.';
const exited =
  '2026-11-21T10:07:00.000Z ERROR - Container c for site s has exited, failing site start: setting X is required';
const pull = '2026-11-21T10:07:00.000Z ERROR - Image pull failed: Verify docker image configuration and credentials';

const observed = (changes: Partial<AppServiceObservation>): AppServiceObservation => ({
  id: '/site',
  state: 'Running',
  linuxFxVersion: `DOCKER|${release.imageRef}`,
  instances: ['READY'],
  log: [],
  identity: answering,
  ...changes,
});

describe('what App Service and the application say about a deployment', () => {
  it.each<[string, AppServiceObservation, Record<string, string>, string, RegExp]>([
    ['configured and answering', observed({}), {}, 'passed', /rel-2-222222222222 answers as build bld-2/],
    ['answering, whatever the log remembers', observed({ log: [ping] }), {}, 'passed', /answers/],
    [
      'another image configured',
      observed({ linuxFxVersion: 'DOCKER|r.azurecr.io/trireme@sha256:1' }),
      {},
      'failed',
      /configured is DOCKER\|.*sha256:1/,
    ],
    ['no image configured', observed({ linuxFxVersion: '' }), {}, 'failed', /no image/],
    ['a stopped site', observed({ state: 'Stopped' }), {}, 'failed', /the site is Stopped/],
    [
      'the new name on another build',
      observed({ identity: { status: 200, body: { ...identity, buildId: 'bld-111111111111' } } }),
      {},
      'failed',
      /build bld-1.*expected build bld-2/,
    ],
    [
      'dead after a container that never answered',
      observed({ identity: dead, log: [ping] }),
      {},
      'failed',
      /answers 503; log: Container c didn't respond to HTTP pings/,
    ],
    [
      'dead after a container that exited',
      observed({ identity: dead, log: [exited] }),
      {},
      'failed',
      /has exited, failing site start: setting X/,
    ],
    ['dead after a failed pull', observed({ identity: dead, log: [pull] }), {}, 'failed', /Image pull failed/],
    [
      'the old release answers although the new one failed to start',
      observed({ identity: { status: 200, body: { releaseId: 'rel-1-111111111111' } }, log: [ping] }),
      {},
      'failed',
      /rel-1-111111111111 still answers; log/,
    ],
    [
      'a failure from before this deployment',
      observed({ identity: dead, log: [ping] }),
      { '/site': '2026-11-21T10:05:00.000Z' },
      'wait',
      /answers 503$/,
    ],
    [
      'a failure of the other slot only',
      observed({ identity: dead, log: [ping] }),
      { '/slot': '2026-11-21T10:05:00.000Z' },
      'failed',
      /pings/,
    ],
    ['a failure with a later start', observed({ identity: dead, log: [ping, ready] }), {}, 'wait', /answers 503/],
    ['503 and no word', observed({ identity: dead }), {}, 'wait', /answers 503/],
    [
      'the old release still',
      observed({ identity: { status: 200, body: { releaseId: 'rel-1-111111111111' } } }),
      {},
      'wait',
      /rel-1-111111111111 still answers/,
    ],
    ['an answer that is nobody’s', observed({ identity: { status: 200 } }), {}, 'wait', /no release still answers/],
    ['no connection', observed({ identity: { problem: 'ECONNREFUSED' } }), {}, 'wait', /no answer: ECONNREFUSED/],
    [
      'an instance that is stopped',
      observed({ instances: ['READY', 'STOPPED'] }),
      {},
      'wait',
      /1 of 2 instances STOPPED/,
    ],
    ['no such site', observed({ state: undefined }), {}, 'errored', /no such site/],
  ])('%s', (_what, observation, baseline, outcome, found) => {
    const judgement = judge(observation, baseline, release);
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.found).toMatch(found);
    expect(judgement.source).toContain('/site');
  });

  const slot = { host: 'slot.example', percent: 10 };
  it.each<[string, Diversion[], Diversion[], string, RegExp]>([
    ['none, as it should be', [], [], 'passed', /answers as build/],
    ['a rule of nothing', [{ ...slot, percent: 0 }], [], 'passed', /answers as build/],
    ['the share that the slot should have', [slot], [slot], 'passed', /answers as build/],
    [
      'a share where there should be none',
      [slot],
      [],
      'failed',
      /slot\.example gets 10 %; expected: production answers all/,
    ],
    ['none where there should be one', [], [slot], 'failed', /production answers all requests; expected: .*10 %/],
    ['another share', [{ ...slot, percent: 50 }], [slot], 'failed', /gets 50 %; expected: .*gets 10 %/],
    ['another host', [{ ...slot, host: 'other.example' }], [slot], 'failed', /other\.example gets 10 %/],
  ])('looks at which requests the slot answers: %s', (_what, diverted, wanted, outcome, found) => {
    const judgement = judge(observed({ diverted }), {}, release, wanted);
    expect({ outcome: judgement.outcome, found: judgement.found }).toEqual({
      outcome,
      found: expect.stringMatching(found),
    });
  });

  it('does not believe a container that imitates the platform’s words without its form', () => {
    expect(startFailure(["Container c didn't respond to HTTP pings"], undefined)).toBeUndefined();
  });

  it('remembers the newest of the platform’s lines', () => {
    expect(newestLine([ping, ready, 'the container says 2027-01-01T00:00:00Z'])).toBe('2026-11-21T10:06:00.000Z');
    expect(newestLine([])).toBeUndefined();
  });
});
