import { describe, expect, it } from 'vitest';
import {
  type AppRunnerObservation,
  type AppRunnerOperation,
  judge,
} from '../../../../clouds/aws/app-runner/judgement.ts';

const wanted = `r.example/trireme@sha256:${'2'.repeat(64)}`;
const before = `r.example/trireme@sha256:${'1'.repeat(64)}`;
const operation = (id: string, status: string, type = 'UPDATE_SERVICE'): AppRunnerOperation => ({ id, type, status });
const old = operation('old', 'SUCCEEDED');
const baseline = { operationId: 'old' };
const observed = (
  status: string | undefined,
  image: string,
  ...operations: AppRunnerOperation[]
): AppRunnerObservation => ({
  serviceArn: 'arn:service',
  ...(status === undefined ? {} : { status }),
  imageIdentifier: image,
  operations,
});

describe('what App Runner says about a deployment', () => {
  it.each<[string, AppRunnerObservation, object, string, RegExp]>([
    [
      'a newer operation succeeded and the image is there',
      observed('RUNNING', wanted, operation('new', 'SUCCEEDED'), old),
      baseline,
      'passed',
      /operation new UPDATE_SERVICE SUCCEEDED, runs .*sha256:2/,
    ],
    [
      'a service just created',
      observed('RUNNING', wanted, operation('new', 'SUCCEEDED', 'CREATE_SERVICE')),
      {},
      'passed',
      /CREATE_SERVICE SUCCEEDED/,
    ],
    [
      'a deployment started by hand',
      observed('RUNNING', wanted, operation('new', 'SUCCEEDED', 'START_DEPLOYMENT'), old),
      baseline,
      'passed',
      /START_DEPLOYMENT/,
    ],
    [
      'RUNNING after a silent roll-back',
      observed('RUNNING', before, operation('new', 'ROLLBACK_SUCCEEDED'), old),
      baseline,
      'failed',
      /^rolled back: operation new UPDATE_SERVICE ROLLBACK_SUCCEEDED, still runs .*sha256:1/,
    ],
    [
      'a roll-back under way is enough',
      observed('OPERATION_IN_PROGRESS', before, operation('new', 'ROLLBACK_IN_PROGRESS'), old),
      baseline,
      'failed',
      /ROLLBACK_IN_PROGRESS$/,
    ],
    [
      'a roll-back that failed',
      observed('RUNNING', before, operation('new', 'ROLLBACK_FAILED'), old),
      baseline,
      'failed',
      /ROLLBACK_FAILED/,
    ],
    [
      'a roll-back although the image is the wanted one',
      observed('RUNNING', wanted, operation('new', 'ROLLBACK_SUCCEEDED'), old),
      baseline,
      'failed',
      /rolled back/,
    ],
    [
      'a failed operation',
      observed('RUNNING', before, operation('new', 'FAILED'), old),
      baseline,
      'failed',
      /operation new UPDATE_SERVICE FAILED/,
    ],
    [
      'success with another image',
      observed('RUNNING', before, operation('new', 'SUCCEEDED'), old),
      baseline,
      'failed',
      /but it runs .*sha256:1/,
    ],
    [
      'a service that could not be created',
      observed('CREATE_FAILED', wanted, operation('new', 'FAILED', 'CREATE_SERVICE')),
      {},
      'failed',
      /CREATE_FAILED/,
    ],
    [
      'what an earlier roll-back left, where that is the wanted one',
      observed('RUNNING', wanted, operation('old', 'ROLLBACK_SUCCEEDED')),
      baseline,
      'passed',
      /RUNNING, no newer operation$/,
    ],
    ['a deleted service', observed('DELETED', wanted, old), baseline, 'failed', /DELETED/],
    ['a pending operation', observed('RUNNING', before, operation('new', 'PENDING'), old), baseline, 'wait', /PENDING/],
    [
      'an operation in progress',
      observed('OPERATION_IN_PROGRESS', wanted, operation('new', 'IN_PROGRESS'), old),
      baseline,
      'wait',
      /IN_PROGRESS/,
    ],
    [
      'success before the service says so',
      observed('OPERATION_IN_PROGRESS', wanted, operation('new', 'SUCCEEDED'), old),
      baseline,
      'wait',
      /OPERATION_IN_PROGRESS/,
    ],
    [
      'an operation that is not listed yet',
      observed('OPERATION_IN_PROGRESS', wanted, old),
      baseline,
      'wait',
      /no newer operation yet/,
    ],
    [
      'the earlier operation, not taken for this one',
      observed('RUNNING', before, old),
      baseline,
      'errored',
      /no operation since/,
    ],
    [
      'an earlier roll-back, not taken for this one',
      observed('RUNNING', before, operation('old', 'ROLLBACK_SUCCEEDED')),
      baseline,
      'errored',
      /no operation since/,
    ],
    [
      'the same release again, which changes nothing',
      observed('RUNNING', wanted, old),
      baseline,
      'passed',
      /no newer operation/,
    ],
    [
      'a pause after the deployment',
      observed('PAUSED', wanted, operation('pause', 'SUCCEEDED', 'PAUSE_SERVICE'), operation('new', 'SUCCEEDED'), old),
      baseline,
      'errored',
      /PAUSED/,
    ],
    ['no operation at all', observed('RUNNING', before), {}, 'errored', /no operation since/],
    ['no such service', observed(undefined, wanted), baseline, 'errored', /no such service/],
    [
      'a baseline that is listed no more',
      observed('RUNNING', wanted, operation('new', 'SUCCEEDED')),
      { operationId: 'ancient' },
      'passed',
      /new/,
    ],
  ])('%s', (_what, observation, known, outcome, found) => {
    const judgement = judge(observation, known, wanted);
    expect(judgement.outcome).toBe(outcome);
    expect(judgement.found).toMatch(found);
    expect(judgement.source).toContain('arn:service');
    expect(judgement.expected).toContain(wanted);
  });
});
