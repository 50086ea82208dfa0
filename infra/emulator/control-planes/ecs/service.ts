// One Express Mode service: its revisions and deployments, the canary every update is taken by, and the roll-back of one that fails.
import { randomBytes, randomInt } from 'node:crypto';
import { canary, cluster as defaultCluster, ecsExpress } from '../../../clouds/aws/ecs-express/runtime.ts';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { HostedService } from '../../runtimes/hosted-service.ts';
import { pause } from '../../runtimes/probe.ts';
import { Revision } from '../../runtimes/revision.ts';
import { resolved } from '../../runtimes/secrets.ts';
import { balancerRules, type Configuration, containerOf, scalingOf } from './container.ts';
import { type Deployment, isOver, RollbackAlarm, type ServiceRevision } from './deployment.ts';

export type ServiceStatus = 'ACTIVE' | 'DRAINING' | 'INACTIVE';

export interface ServiceIdentity {
  readonly name: string;
  readonly region: string;
  readonly accountId: string;
  readonly cluster: string;
  readonly infrastructureRoleArn: string;
}

export class ExpressService {
  readonly identity: ServiceIdentity;
  readonly arn: string;
  readonly createdAt = epochSeconds();
  updatedAt = this.createdAt;
  status: ServiceStatus = 'ACTIVE';
  /** Oldest first. */
  readonly deployments: Deployment[] = [];
  readonly hosted: HostedService;
  readonly tags = new Map<string, string>();
  #host: RuntimeHost;
  /** What the last successful deployment put there, and the way back leads to. */
  #stable: ServiceRevision | undefined;
  #superseded = new AbortController();
  /** One at a time: a deployment begins once the one it took the place of has let go. */
  #last: Promise<void> = Promise.resolve();

  constructor(host: RuntimeHost, hosted: HostedService, identity: ServiceIdentity) {
    this.#host = host;
    this.hosted = hosted;
    this.identity = identity;
    this.arn = this.arnOf('service');
    hosted.resource = this.arn;
  }

  /** `arn:aws:ecs:<region>:<account>:<kind>/<cluster>/<service>[/<id>]` */
  arnOf(kind: string, id?: string): string {
    const { region, accountId, cluster, name } = this.identity;
    const path = [cluster, name, ...(id === undefined ? [] : [id])].join('/');
    return `arn:aws:ecs:${region}:${accountId}:${kind}/${path}`;
  }

  get revisions(): readonly ServiceRevision[] {
    return this.deployments.map(({ target }) => target);
  }

  /** Newest first: while a deployment runs its target beside its source. Without a way back the target of a failed one stays. */
  get active(): readonly ServiceRevision[] {
    const last = this.deployments.at(-1);
    if (last === undefined) return [];
    const { target, status } = last;
    const isKept = !isOver(last) || status === 'SUCCESSFUL' || this.#stable === undefined;
    const stable = this.#stable === undefined || this.#stable === target ? [] : [this.#stable];
    return [...(isKept && status !== 'ROLLBACK_IN_PROGRESS' ? [target] : []), ...stable];
  }

  /** A deployment that is under way gives place to the new one. */
  deploy(settings: Configuration): Deployment {
    this.#superseded.abort();
    this.#superseded = new AbortController();
    for (const one of this.deployments.filter((earlier) => !isOver(earlier))) {
      finish(one, 'STOPPED', 'Service deployment stopped because a newer service deployment was started.');
    }
    const deployment = this.#newDeployment(settings);
    this.deployments.push(deployment);
    this.updatedAt = deployment.createdAt;
    const signal = AbortSignal.any([this.#superseded.signal, this.#host.stopping.signal]);
    this.#last = this.#last
      .then(() => this.#run(deployment, signal))
      .catch((error: unknown) => {
        this.hosted.say(`internal error: ${error}`);
        if (!isOver(deployment)) finish(deployment, 'ROLLBACK_FAILED', String(error));
      });
    return deployment;
  }

  delete(): void {
    this.status = 'DRAINING';
    this.#superseded.abort();
    this.hosted.close().then(
      () => {
        this.status = 'INACTIVE';
        this.updatedAt = epochSeconds();
      },
      (error: unknown) => this.hosted.say(`internal error: ${error}`),
    );
  }

  #newDeployment(settings: Configuration): Deployment {
    const createdAt = epochSeconds();
    const number = this.deployments.length + 1;
    const { region, accountId, name } = this.identity;
    const target: ServiceRevision = {
      arn: this.arnOf('service-revision', digits(19)),
      colour: number % 2 === 0 ? 'green' : 'blue',
      settings,
      createdAt,
      taskDefinitionArn: `arn:aws:ecs:${region}:${accountId}:task-definition/${defaultCluster}-${name}:${number}`,
      imageDigest: undefined,
      running: undefined,
    };
    return {
      arn: this.arnOf('service-deployment', randomBytes(16).toString('base64url').slice(0, 21)),
      createdAt,
      source: this.#stable,
      target,
      status: 'PENDING',
      statusReason: '',
      stage: 'SCALE_UP',
      targetPercent: 0,
      updatedAt: createdAt,
      finishedAt: undefined,
      triggered: undefined,
      rollbackStartedAt: undefined,
    };
  }

  async #run(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { target } = deployment;
    if (signal.aborted) return;
    advance(deployment, { status: 'IN_PROGRESS' });
    await this.#wait(ecsExpress.provisionSeconds.value, signal);
    const refused = await this.#startTasks(target, signal);
    if (signal.aborted) return this.#abandon(target);
    if (refused !== undefined) {
      // ECS starts three such tasks before it gives up; here one tells as much.
      this.hosted.say(
        `(service ${this.identity.name}) (deployment ${idOf(deployment)}) tasks failed to start: ${refused}`,
      );
      return this.#rollBack(deployment, 'circuit-breaker', signal);
    }
    const old = this.#stable?.running;
    if (old === undefined || target.running === undefined) return this.#succeed(deployment);

    advance(deployment, { stage: 'PRODUCTION_TRAFFIC_SHIFT', targetPercent: canary.percent });
    await this.hosted.split([
      [old, 100 - canary.percent],
      [target.running, canary.percent],
    ]);
    const alarm = new RollbackAlarm(this.hosted.meter);
    if (await this.#bake(canary.canaryBakeSeconds, alarm, signal)) return this.#rollBack(deployment, 'alarm', signal);
    if (signal.aborted) return this.#abandon(target);
    advance(deployment, { stage: 'BAKE_TIME', targetPercent: 100 });
    await this.hosted.split([[target.running, 100]], [old]);
    if (await this.#bake(canary.bakeSeconds, alarm, signal)) return this.#rollBack(deployment, 'alarm', signal);
    return signal.aborted ? this.#abandon(target) : this.#succeed(deployment);
  }

  /** @returns why no task became healthy. */
  async #startTasks(target: ServiceRevision, signal: AbortSignal): Promise<string | undefined> {
    const asked = containerOf(target.settings);
    this.hosted.say(`(service ${this.identity.name}) starts tasks of ${asked.imageRef}`);
    const references = (target.settings.primaryContainer.secrets ?? []).map(({ name, valueFrom }) => [name, valueFrom]);
    const secrets = resolved(this.#host.secrets, Object.fromEntries(references));
    if ('missing' in secrets) return `ResourceInitializationError: unable to pull secrets: ${secrets.missing}`;
    const container = { ...asked, variables: { ...asked.variables, ...secrets.variables } };
    try {
      const named = /@(?<digest>sha256:[0-9a-f]{64})$/.exec(container.imageRef)?.groups?.digest;
      target.imageDigest = named ?? (await this.#host.images.pull('aws', container.imageRef)).digest;
    } catch (error) {
      return `CannotPullContainerError: ${error instanceof Error ? error.message : String(error)}`;
    }
    const name = `${this.identity.name}-${this.deployments.length}-${target.colour}`;
    const { logGroup } = target.settings.primaryContainer.awsLogsConfiguration ?? {};
    if (logGroup !== undefined) this.hosted.logGroups = { [logGroup]: 'container' };
    const scaling = scalingOf(target.settings);
    const next = { name, container, rules: balancerRules, ...(scaling === undefined ? {} : { scaling }) };
    const started = await this.hosted.start(next, signal);
    if (started instanceof Revision) {
      target.running = started;
      return undefined;
    }
    if (started.kind === 'image') return `CannotPullContainerError: ${started.reason}`;
    if (started.kind === 'exited') return `Essential container in task exited: ${started.reason}`;
    return `Task failed ELB health checks in target group: ${started.reason}`;
  }

  /** @returns true when the alarm went off. */
  async #bake(seconds: number, alarm: RollbackAlarm, signal: AbortSignal): Promise<boolean> {
    const { periodSeconds } = canary.alarm;
    for (let passed = 0; passed < seconds && !signal.aborted; passed += periodSeconds) {
      await this.#wait(periodSeconds, signal);
      if (!signal.aborted && alarm.tick()) return true;
    }
    return false;
  }

  async #succeed(deployment: Deployment): Promise<void> {
    const { target, source } = deployment;
    if (target.running === undefined) return;
    advance(deployment, { stage: 'CLEAN_UP', targetPercent: 100 });
    await this.hosted.split([[target.running, 100]]);
    if (source !== undefined) source.running = undefined;
    this.#stable = target;
    finish(deployment, 'SUCCESSFUL', '');
    this.hosted.say(`(service ${this.identity.name}) has reached a steady state.`);
  }

  async #rollBack(
    deployment: Deployment,
    triggered: NonNullable<Deployment['triggered']>,
    signal: AbortSignal,
  ): Promise<void> {
    const why = {
      'circuit-breaker': 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
      alarm: 'Service deployment rolled back because of CloudWatch alarms.',
    }[triggered];
    advance(deployment, { status: 'ROLLBACK_IN_PROGRESS', statusReason: why, triggered, targetPercent: 0 });
    deployment.rollbackStartedAt = epochSeconds();
    this.hosted.say(`(service ${this.identity.name}) (deployment ${idOf(deployment)}) ${why}`);
    const back = this.#stable;
    if (back?.running === undefined) {
      await this.#abandon(deployment.target);
      return finish(deployment, 'ROLLBACK_FAILED', 'No rollback candidate was found to run the rollback.');
    }
    await this.hosted.split([[back.running, 100]]);
    deployment.target.running = undefined;
    await this.#wait(ecsExpress.provisionSeconds.value / 2, signal);
    if (!signal.aborted) finish(deployment, 'ROLLBACK_SUCCESSFUL', why);
  }

  /** Its tasks are stopped, and whoever was there before has all requests again. */
  async #abandon(target: ServiceRevision): Promise<void> {
    target.running = undefined;
    if (this.status !== 'ACTIVE' || this.#host.stopping.signal.aborted) return;
    const stable = this.#stable?.running;
    await this.hosted.split(stable === undefined ? [] : [[stable, 100]]);
  }

  #wait(seconds: number, signal: AbortSignal): Promise<void> {
    return pause((seconds * 1000) / this.#host.timeScale, signal);
  }
}

function advance(deployment: Deployment, change: Partial<Deployment>): void {
  Object.assign(deployment, change, { updatedAt: epochSeconds() });
}

function finish(deployment: Deployment, status: Deployment['status'], statusReason: string): void {
  advance(deployment, { status, statusReason, finishedAt: epochSeconds() });
}

function idOf({ arn }: Deployment): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}

function digits(count: number): string {
  return Array.from({ length: count }, (_, index) => randomInt(index === 0 ? 1 : 0, 10)).join('');
}

function epochSeconds(): number {
  return Date.now() / 1000;
}
