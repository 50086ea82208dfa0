import { describe, expect, it } from 'vitest';
import {
  type EcsDeployment,
  type EcsObservation,
  judge,
  revisionToRead,
} from '../../../../clouds/aws/ecs-express/judgement.ts';
import { accessOf, ours } from '../../../../clouds/aws/ecs-express/prover.ts';

const digest = (digit: number) => `sha256:${String(digit).repeat(64)}`;
const refOf = (digit: number) => `r.example/trireme@${digest(digit)}`;
const wanted = refOf(2);
const arn = (kind: string, id: string) => `arn:aws:ecs:eu-west-1:1:${kind}/default/trireme-dev/${id}`;

const deployment = (id: string, status: string, createdAt: number, reason?: string): EcsDeployment => ({
  arn: arn('service-deployment', id),
  status,
  createdAt,
  revisionArn: arn('service-revision', id),
  ...(reason === undefined ? {} : { reason }),
});
const old = deployment('old', 'SUCCESSFUL', 1);
const baseline = { deploymentArn: old.arn };
const revision = (id: string, image: number, imageDigest = digest(image)) => ({
  arn: arn('service-revision', id),
  image: refOf(image),
  imageDigest,
});
const task = (image: number) => ({ arn: arn('task', 'one'), imageDigest: digest(image) });

/** After a deployment that went well; each case says what is otherwise. */
const observed = (change: Partial<EcsObservation>): EcsObservation => ({
  serviceArn: 'arn:service',
  status: 'ACTIVE',
  activeRevisions: [arn('service-revision', 'new')],
  deployments: [old, deployment('new', 'SUCCESSFUL', 2)],
  revision: revision('new', 2),
  tasks: [task(2), task(2)],
  ...change,
});
const withStatus = (status: string, reason?: string) => ({
  deployments: [deployment('new', status, 2, reason), old],
});
const without = (key: 'status' | 'revision'): EcsObservation => {
  const { [key]: _, ...rest } = observed({});
  return rest;
};
const unchanged = {
  deployments: [old],
  activeRevisions: [arn('service-revision', 'old')],
  revision: revision('old', 2),
};

describe('what ECS says about a deployment', () => {
  it.each<[string, EcsObservation, object, string, RegExp]>([
    [
      'a newer deployment was successful and every task runs the image',
      observed({}),
      baseline,
      'passed',
      /^deployment new SUCCESSFUL, revision new of .*@sha256:2{64}.* in all 2 running tasks$/,
    ],
    ['a service just created', observed(withStatus('SUCCESSFUL')), {}, 'passed', /deployment new SUCCESSFUL/],
    [
      'an index whose one part is what runs',
      observed({ revision: revision('new', 2, digest(7)), tasks: [task(7)] }),
      baseline,
      'passed',
      /sha256:7{64}, in all 1 running tasks/,
    ],
    [
      'an image named by a tag that is the wanted one',
      observed({ revision: { ...revision('new', 2), image: 'r.example/trireme:rel-2' } }),
      baseline,
      'passed',
      /trireme:rel-2/,
    ],
    [
      'ACTIVE after a roll-back by the alarm',
      observed({ ...withStatus('ROLLBACK_SUCCESSFUL', 'because of CloudWatch alarms'), revision: revision('new', 2) }),
      baseline,
      'failed',
      /^rolled back: deployment new ROLLBACK_SUCCESSFUL: because of CloudWatch alarms$/,
    ],
    [
      'a roll-back under way is enough',
      observed(withStatus('ROLLBACK_IN_PROGRESS')),
      baseline,
      'failed',
      /ROLLBACK_IN_PROGRESS$/,
    ],
    [
      'a roll-back asked for by a person',
      observed(withStatus('ROLLBACK_REQUESTED')),
      baseline,
      'failed',
      /rolled back/,
    ],
    [
      'a first deployment with nothing to go back to',
      observed({ ...withStatus('ROLLBACK_FAILED', 'No rollback candidate was found'), tasks: [] }),
      {},
      'failed',
      /ROLLBACK_FAILED: No rollback candidate was found$/,
    ],
    ['a stopped deployment', observed(withStatus('STOPPED')), baseline, 'failed', /deployment new STOPPED/],
    ['one that is about to be stopped', observed(withStatus('STOP_REQUESTED')), baseline, 'failed', /STOP_REQUESTED/],
    [
      'success with another image',
      observed({ revision: revision('new', 1), tasks: [task(1)] }),
      baseline,
      'failed',
      /SUCCESSFUL, revision new of .*@sha256:1{64}/,
    ],
    ['a deleted service', observed({ status: 'DRAINING' }), baseline, 'failed', /DRAINING/],
    ['a service that is gone', observed({ status: 'INACTIVE' }), baseline, 'failed', /INACTIVE/],
    ['a deployment not begun', observed(withStatus('PENDING')), baseline, 'wait', /PENDING/],
    ['a canary that bakes', observed(withStatus('IN_PROGRESS')), baseline, 'wait', /IN_PROGRESS/],
    [
      'somebody else’s deployment',
      observed({ deployments: [{ ...old, status: 'IN_PROGRESS' }] }),
      baseline,
      'wait',
      /old/,
    ],
    ['no digest yet', without('revision'), baseline, 'wait', /no image digest yet/],
    [
      'two active revisions',
      observed({ activeRevisions: [arn('service-revision', 'new'), arn('service-revision', 'old')] }),
      baseline,
      'wait',
      /but active: new, old/,
    ],
    [
      'another active revision',
      observed({ activeRevisions: [arn('service-revision', 'x')] }),
      baseline,
      'wait',
      /active: x/,
    ],
    ['no running task', observed({ tasks: [] }), baseline, 'wait', /no task runs/],
    [
      'a task of the earlier image',
      observed({ tasks: [task(2), task(1)] }),
      baseline,
      'wait',
      /but in 1 of 2 running tasks: sha256:1/,
    ],
    ['a task without a digest', observed({ tasks: [{ arn: 'arn:task' }] }), baseline, 'wait', /no digest yet/],
    ['the same release again, which changes nothing', observed(unchanged), baseline, 'passed', /no newer deployment$/],
    [
      'the earlier deployment, not taken for this one',
      observed({ ...unchanged, revision: revision('old', 1), tasks: [task(1)] }),
      baseline,
      'errored',
      /no deployment since; revision old/,
    ],
    [
      'an earlier roll-back, not taken for this one',
      observed({
        ...unchanged,
        deployments: [{ ...old, status: 'ROLLBACK_SUCCESSFUL' }],
        revision: revision('old', 1),
        tasks: [task(1)],
      }),
      baseline,
      'errored',
      /no deployment since; revision old/,
    ],
    [
      'what an earlier roll-back left, where that is the wanted one',
      observed({ ...unchanged, deployments: [{ ...old, status: 'ROLLBACK_SUCCESSFUL' }] }),
      baseline,
      'passed',
      /in all 2 running tasks, no newer deployment$/,
    ],
    [
      'the same release, of which no task runs',
      observed({ ...unchanged, tasks: [] }),
      baseline,
      'errored',
      /no task runs/,
    ],
    ['no deployment at all', observed({ deployments: [] }), {}, 'errored', /no deployment at all/],
    ['a status of tomorrow', observed(withStatus('PAUSED')), baseline, 'errored', /PAUSED: this status is not known/],
    ['no such service', without('status'), baseline, 'errored', /no such service/],
    [
      'a baseline that is listed no more',
      observed({ deployments: [deployment('new', 'SUCCESSFUL', 2)] }),
      { deploymentArn: arn('service-deployment', 'ancient') },
      'passed',
      /new/,
    ],
  ])('%s', (_what, observation, known, outcome, found) => {
    const judgement = judge(observation, known, wanted);
    expect(judgement.found).toMatch(found);
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.source).toContain('arn:service');
    expect(judgement.expected).toContain(wanted);
  });

  const told = (accessType: string, change: Partial<EcsObservation> = {}) => observed({ ...change, accessType });
  it.each<[string, EcsObservation, 'public' | 'private', string, RegExp]>([
    ['a private service behind a private balancer', told('PRIVATE'), 'private', 'passed', /running tasks, PRIVATE$/],
    ['a public one behind a public balancer', told('PUBLIC'), 'public', 'passed', /PUBLIC$/],
    [
      'a private one on the internet',
      told('PUBLIC'),
      'private',
      'failed',
      /balancer is PUBLIC and the stack says private/,
    ],
    [
      'a public one nobody reaches',
      told('PRIVATE'),
      'public',
      'failed',
      /balancer is PRIVATE and the stack says public/,
    ],
    ['no ingress path told', observed({}), 'private', 'wait', /not told yet$/],
    ['an access type of tomorrow', told('DUAL'), 'private', 'failed', /balancer is DUAL/],
    ['the same release again, on the internet', told('PUBLIC', unchanged), 'private', 'failed', /balancer is PUBLIC/],
    ['one that is still under way', told('PUBLIC', withStatus('IN_PROGRESS')), 'private', 'wait', /IN_PROGRESS$/],
  ])('%s', (_what, observation, exposure, outcome, found) => {
    const judgement = judge(observation, baseline, wanted, exposure);
    expect(judgement.found).toMatch(found);
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.expected).toContain(`behind a ${exposure} balancer`);
  });

  it.each([
    [['PRIVATE'], 'PRIVATE'],
    [['PRIVATE', 'PUBLIC'], 'PUBLIC'],
    [[], undefined],
  ])('takes %j for %s', (types, expected) => expect(accessOf(types)).toBe(expected));

  it('reads the image of what the newest deployment put there, whatever their order', () => {
    const newer = deployment('new', 'IN_PROGRESS', 2);
    for (const deployments of [
      [newer, old],
      [old, newer],
    ]) {
      expect(revisionToRead({ deployments, activeRevisions: [] })).toBe(newer.revisionArn);
    }
    expect(revisionToRead({ deployments: [], activeRevisions: ['arn:active'] })).toBe('arn:active');
    const back = [deployment('new', 'ROLLBACK_SUCCESSFUL', 2), old];
    expect(revisionToRead({ deployments: back, activeRevisions: ['arn:active'] })).toBe('arn:active');
  });

  it.each([
    ['the last success', ['old', 'new'], [old]],
    ['the last success of several', ['ancient', 'old', 'new'], [old, deployment('ancient', 'SUCCESSFUL', 0)]],
    ['the one that failed is not it', ['new', 'other'], []],
    ['a success that is gone', ['other', 'new'], [old]],
  ])('reads what a roll-back went back to, whatever the order of what is active: %s', (_what, active, before) => {
    const deployments = [...before, deployment('new', 'ROLLBACK_SUCCESSFUL', 2)];
    const arns = active.map((id) => arn('service-revision', id));
    const expected = active.includes('old') ? 'old' : 'other';
    for (const activeRevisions of [arns, arns.toReversed()]) {
      expect(revisionToRead({ deployments, activeRevisions })).toBe(arn('service-revision', expected));
    }
  });
});

describe('which of a task’s containers is the service’s own', () => {
  const nameOf = ({ name }: { name: string }) => name;
  it.each([
    ['the only one, whatever it is called', ['app'], 'app'],
    ['the named one beside an agent of AWS', ['aws-guardduty-agent-x', 'Main'], 'Main'],
    ['none of several strangers', ['a', 'b'], undefined],
  ])('%s', (_what, names, expected) => {
    const containers = names.map((name) => ({ name }));
    expect(ours(containers, nameOf)?.name).toBe(expected);
  });
});
