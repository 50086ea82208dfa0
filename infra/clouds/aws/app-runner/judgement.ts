// What App Runner's own fields say about a deployment. Operations decide: the service reports RUNNING after a roll-back too.
import type { Judgement } from '../../polling.ts';

/** The newest operation there was before the deployment; none when there was no service. */
export interface AppRunnerBaseline {
  readonly operationId?: string;
}

export interface AppRunnerOperation {
  readonly id: string;
  readonly type: string;
  readonly status: string;
}

export interface AppRunnerObservation {
  readonly serviceArn: string;
  /** Absent: the API knows no such service. */
  readonly status?: string;
  readonly imageIdentifier?: string;
  /** Newest first, as the API lists them. */
  readonly operations: readonly AppRunnerOperation[];
}

const deployments = ['CREATE_SERVICE', 'UPDATE_SERVICE', 'START_DEPLOYMENT'];

/** @param imageRef what must run: `<registry host>/<repository>@sha256:…` */
export function judge(observed: AppRunnerObservation, baseline: AppRunnerBaseline, imageRef: string): Judgement {
  const expected = `${imageRef} RUNNING after a successful operation`;
  const source = `App Runner ListOperations and DescribeService ${observed.serviceArn}`;
  const says = (outcome: Judgement['outcome'], found: string): Judgement => ({ outcome, expected, found, source });
  const runs = `runs ${observed.imageIdentifier ?? 'no image'}`;
  const { status } = observed;

  if (status === undefined) return says('errored', 'no such service');
  if (status === 'CREATE_FAILED') return says('failed', 'the service could not be created: CREATE_FAILED');
  if (status === 'DELETED') return says('failed', 'the service is DELETED');

  const newest = newerThan(baseline, observed.operations).find((one) => deployments.includes(one.type));
  if (newest === undefined) {
    // The same image asked for again changes nothing, and nothing is then listed.
    if (status === 'RUNNING' && observed.imageIdentifier === imageRef) {
      return says('passed', `${runs}, RUNNING, no newer operation`);
    }
    if (status === 'OPERATION_IN_PROGRESS') return says('wait', `${status}, no newer operation yet`);
    return says('errored', `no operation since the deployment began; the service is ${status} and ${runs}`);
  }

  const operation = `operation ${newest.id} ${newest.type} ${newest.status}`;
  if (newest.status.startsWith('ROLLBACK_')) {
    const still = newest.status === 'ROLLBACK_IN_PROGRESS' ? '' : `, still ${runs}`;
    return says('failed', `rolled back: ${operation}${still}`);
  }
  if (newest.status === 'FAILED') return says('failed', `${operation}, ${runs}`);
  if (newest.status !== 'SUCCEEDED') return says('wait', operation);
  if (status === 'OPERATION_IN_PROGRESS') return says('wait', `${operation}, the service is ${status}`);
  if (status !== 'RUNNING') return says('errored', `${operation}, but the service is ${status}`);
  if (observed.imageIdentifier !== imageRef) return says('failed', `${operation}, but it ${runs}`);
  return says('passed', `${operation}, ${runs}`);
}

/** By identity, never by time: the vendor's start dates are wrong (https://github.com/aws/apprunner-roadmap/issues/139). */
function newerThan(
  { operationId }: AppRunnerBaseline,
  operations: readonly AppRunnerOperation[],
): readonly AppRunnerOperation[] {
  const known = operations.findIndex((one) => one.id === operationId);
  return known < 0 ? operations : operations.slice(0, known);
}
