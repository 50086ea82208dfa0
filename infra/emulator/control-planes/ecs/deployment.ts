// A deployment of an Express Mode service as ECS writes it down, and the alarm that watches it.
import { canary } from '../../../clouds/aws/ecs-express/runtime.ts';
import { type Meter, total } from '../../runtimes/meter.ts';
import type { Revision } from '../../runtimes/revision.ts';
import type { Configuration } from './container.ts';

/** One configuration, never changed. */
export interface ServiceRevision {
  readonly arn: string;
  /** `blue` or `green`: which of the service's two target groups its tasks are in. */
  readonly colour: string;
  readonly settings: Configuration;
  readonly createdAt: number;
  readonly taskDefinitionArn: string;
  /** Once ECS has resolved the image. */
  imageDigest: string | undefined;
  /** Its tasks, while there are any that are meant to run. */
  running: Revision | undefined;
}

export interface Deployment {
  readonly arn: string;
  readonly createdAt: number;
  readonly source: ServiceRevision | undefined;
  readonly target: ServiceRevision;
  status:
    | 'PENDING'
    | 'IN_PROGRESS'
    | 'SUCCESSFUL'
    | 'STOPPED'
    | 'ROLLBACK_IN_PROGRESS'
    | 'ROLLBACK_SUCCESSFUL'
    | 'ROLLBACK_FAILED';
  statusReason: string;
  stage: 'SCALE_UP' | 'PRODUCTION_TRAFFIC_SHIFT' | 'BAKE_TIME' | 'CLEAN_UP';
  /** Of a hundred requests, how many the target gets. */
  targetPercent: number;
  updatedAt: number;
  finishedAt: number | undefined;
  /** What ended it before its time. */
  triggered: 'circuit-breaker' | 'alarm' | undefined;
  rollbackStartedAt: number | undefined;
}

export function isOver({ status }: Deployment): boolean {
  return ['SUCCESSFUL', 'STOPPED', 'ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED'].includes(status);
}

/** One minute of the alarm's metric, however short a minute is here. */
interface Datapoint {
  readonly requests: number;
  readonly errors: number;
}

/**
 * Does the alarm go off? A minute without a request has no datapoint that could breach.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/express-service-update-full.html
 */
export function isAlarm(datapoints: readonly Datapoint[]): boolean {
  const { errorPercent, breaching, of } = canary.alarm;
  const bad = datapoints
    .slice(-of)
    .filter(({ requests, errors }) => requests > 0 && (100 * errors) / requests > errorPercent);
  return bad.length >= breaching;
}

/** Takes a datapoint from the service's own meter at every call, of what came since the call before. */
export class RollbackAlarm {
  readonly #meter: Meter;
  #before: Datapoint;
  #datapoints: Datapoint[] = [];

  constructor(meter: Meter) {
    this.#meter = meter;
    this.#before = this.#sum();
  }

  /** @returns true when it is to be rolled back. */
  tick(): boolean {
    const now = this.#sum();
    this.#datapoints.push({
      requests: now.requests - this.#before.requests,
      errors: now.errors - this.#before.errors,
    });
    this.#before = now;
    return isAlarm(this.#datapoints);
  }

  /** Both target groups together; what met nobody was answered by the balancer, and is no answer of theirs. */
  #sum(): Datapoint {
    const seconds = this.#meter.between(0, Number.POSITIVE_INFINITY).filter(({ revision }) => revision !== '');
    return {
      requests: total(seconds, (one) => one.requests),
      errors: total(seconds, ({ answers }) => (answers[4] ?? 0) + (answers[5] ?? 0)),
    };
  }
}
