// One Cloud Run service: its generations, its revisions, and what it says about them. A failed revision never takes traffic.
import { randomBytes, randomUUID } from 'node:crypto';
import { cloudRun } from '../../../clouds/gcp/cloud-run/runtime.ts';
import type { StartFailure } from '../../runtimes/container.ts';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { HostedService } from '../../runtimes/hosted-service.ts';
import { pause } from '../../runtimes/probe.ts';
import { Revision } from '../../runtimes/revision.ts';
import { containerOf, frontDoorOf, type RevisionTemplate, scalingOf, type TrafficTarget } from './container.ts';
import type { Secrets } from './secrets.ts';
import { neededBy, weightsOf } from './traffic.ts';

export interface Condition {
  readonly type: string;
  readonly state: 'CONDITION_PENDING' | 'CONDITION_RECONCILING' | 'CONDITION_FAILED' | 'CONDITION_SUCCEEDED';
  readonly message?: string;
  /** The vendor's common reasons, and those of revisions; a condition has at most one of the two. */
  readonly reason?: 'REVISION_FAILED' | 'CONTAINER_MISSING';
  readonly revisionReason?: 'HEALTH_CHECK_CONTAINER_ERROR';
  readonly lastTransitionTime: string;
}

export interface RevisionRecord {
  readonly name: string;
  readonly template: RevisionTemplate;
  readonly uid: string;
  readonly generation: number;
  readonly createTime: string;
  conditions: readonly Condition[];
  reconciling: boolean;
  /** Why it is not ready and never will be. */
  failure?: string;
}

/** What a client writes; given back with what the platform adds. */
export interface ServiceSpec {
  readonly template: RevisionTemplate;
  /** Adds up to a hundred, and names only revisions that there are or that this makes. */
  readonly traffic: readonly TrafficTarget[];
  /** Set for the service as a whole, over the template's own. */
  readonly minInstances: number;
  readonly maxInstances?: number | undefined;
  readonly rest: Readonly<Record<string, unknown>>;
}

export class CloudRunService {
  /** `projects/p/locations/l/services/s` */
  readonly fullName: string;
  readonly name: string;
  readonly uid = randomUUID();
  readonly createTime = new Date().toISOString();
  updateTime = this.createTime;
  generation = 0;
  observedGeneration = 0;
  spec: ServiceSpec;
  /** Oldest first. */
  revisions: RevisionRecord[] = [];
  latestReady: RevisionRecord | undefined;
  terminal: Condition;
  /** What is so, which after a failure is not what was asked for. */
  trafficStatuses: readonly (TrafficTarget & { readonly uri?: string })[] = [];
  readonly hosted: HostedService;
  #host: RuntimeHost;
  #secrets: Secrets;
  #replacing = new AbortController();
  /** The instances of a revision, for as long as it has traffic or a tag. */
  #running = new Map<RevisionRecord, Revision>();

  constructor(host: RuntimeHost, secrets: Secrets, hosted: HostedService, fullName: string, spec: ServiceSpec) {
    this.#host = host;
    this.#secrets = secrets;
    this.hosted = hosted;
    this.fullName = fullName;
    hosted.resource = fullName;
    this.name = fullName.split('/').at(-1) ?? fullName;
    this.spec = spec;
    this.terminal = condition('Ready', 'CONDITION_RECONCILING');
  }

  get reconciling(): boolean {
    return this.observedGeneration !== this.generation;
  }

  /**
   * A new generation; a changed template makes a new revision. Resolves when it is ready or has failed.
   * @returns `undefined`, or the message of the failure, which is also the service's terminal condition.
   */
  async apply(spec: ServiceSpec): Promise<string | undefined> {
    this.#replacing.abort();
    const replaced = new AbortController();
    this.#replacing = replaced;
    const generation = ++this.generation;
    this.spec = spec;
    this.updateTime = new Date().toISOString();
    this.terminal = condition('Ready', 'CONDITION_RECONCILING');

    const last = this.revisions.at(-1);
    const unchanged = last !== undefined && JSON.stringify(last.template) === JSON.stringify(spec.template);
    const revision = unchanged ? last : (this.#named(spec.template.revision) ?? this.#newRevision(spec.template));
    const message =
      (unchanged && last === this.latestReady ? undefined : await this.#deploy(revision, replaced.signal)) ??
      (await this.#giveTraffic(replaced.signal));
    if (replaced.signal.aborted) return 'a newer generation took its place';
    this.terminal =
      message === undefined
        ? condition('Ready', 'CONDITION_SUCCEEDED')
        : condition('Ready', 'CONDITION_FAILED', { message, reason: 'REVISION_FAILED' });
    this.observedGeneration = generation;
    return message;
  }

  async delete(): Promise<void> {
    this.#replacing.abort();
    await this.hosted.close();
  }

  /** A template that names an existing revision, with the same content, means that revision again, failed or not. */
  #named(name: string | undefined): RevisionRecord | undefined {
    const named = name === undefined ? undefined : this.revisions.find((one) => one.name === name);
    if (named !== undefined) this.revisions = [...this.revisions.filter((one) => one !== named), named];
    return named;
  }

  #newRevision(template: RevisionTemplate): RevisionRecord {
    const number = String(this.revisions.length + 1).padStart(5, '0');
    const letters = [...randomBytes(3)].map((byte) => 'bcdfghjklmnpqrstvwxz'[byte % 20]).join('');
    const revision: RevisionRecord = {
      name: template.revision ?? `${this.name}-${number}-${letters}`,
      template,
      uid: randomUUID(),
      generation: 1,
      createTime: new Date().toISOString(),
      conditions: [condition('Ready', 'CONDITION_RECONCILING')],
      reconciling: true,
    };
    this.revisions.push(revision);
    return revision;
  }

  #runningAs(name: string): Revision | undefined {
    const revision = this.revisions.find((one) => one.name === name);
    return revision === undefined ? undefined : this.#running.get(revision);
  }

  /** Routes follow once the revision is ready; until then, and when it never is, they stay as they were. */
  async #giveTraffic(signal: AbortSignal): Promise<string | undefined> {
    const { traffic } = this.spec;
    const latest = this.latestReady?.name;
    const needed = neededBy(traffic, latest);
    for (const name of needed) {
      const revision = this.revisions.find((one) => one.name === name);
      if (revision === undefined || this.#running.has(revision)) continue;
      // It had no traffic, so nothing of it runs any more.
      const message = await this.#deploy(revision, signal, this.latestReady);
      if (message !== undefined) return message;
    }
    if (signal.aborted) return undefined;
    const kept = needed.flatMap((name) => this.#runningAs(name) ?? []);
    const gone = this.trafficStatuses.flatMap(({ tag }) => (traffic.some((one) => one.tag === tag) ? [] : (tag ?? [])));
    this.trafficStatuses = await Promise.all(
      traffic.map(async (target) => {
        const { tag, revision = latest ?? '' } = target;
        return tag === undefined
          ? target
          : { ...target, uri: await this.hosted.address(tag, this.#runningAs(revision)) };
      }),
    );
    for (const tag of gone) await this.hosted.address(tag, undefined);
    await this.hosted.split(
      [...weightsOf(traffic, latest)].flatMap(([name, weight]) => {
        const revision = this.#runningAs(name);
        return revision === undefined ? [] : [[revision, weight] as const];
      }),
      kept,
    );
    for (const [record, revision] of this.#running) if (!kept.includes(revision)) this.#running.delete(record);
    return undefined;
  }

  /** @param latest what is the latest ready revision then: another one, where an older revision is started again. */
  async #deploy(
    revision: RevisionRecord,
    replaced: AbortSignal,
    latest: RevisionRecord = revision,
  ): Promise<string | undefined> {
    // A revision never changes, and is not tried again: https://github.com/knative/serving/issues/12330
    if (revision.failure !== undefined) return revision.failure;
    const signal = AbortSignal.any([replaced, this.#host.stopping.signal]);
    await pause((cloudRun.provisionSeconds.value * 1000) / this.#host.timeScale, signal);
    const names = { service: this.name, revision: revision.name };
    const filled = this.#secrets.into(revision.template);
    const template = 'missing' in filled ? revision.template : filled.template;
    const { minInstances, maxInstances } = this.spec;
    const container = containerOf(template, names, minInstances);
    const scaling = scalingOf(template, { min: minInstances, max: maxInstances });
    const started: Revision | StartFailure =
      'missing' in filled
        ? { kind: 'image', reason: filled.missing }
        : (this.#runningAs(revision.name) ??
          (await this.hosted.start({ name: revision.name, container, rules: frontDoorOf(template), scaling }, signal)));
    // Left alone by a newer generation before it could tell: it is started again when it is asked for again.
    if (!(started instanceof Revision) && started.kind === 'cancelled') return started.reason;
    revision.reconciling = false;
    const wasReady = revision.conditions.some(({ type, state }) => type === 'Ready' && state === 'CONDITION_SUCCEEDED');
    if (started instanceof Revision) {
      this.#running.set(revision, started);
      this.latestReady = latest;
      revision.conditions = ['Ready', 'ContainerHealthy', 'ContainerReady', 'ResourcesAvailable'].map((type) =>
        condition(type, 'CONDITION_SUCCEEDED'),
      );
      this.hosted.say(`Ready condition status changed to True for Revision ${revision.name}`);
      return undefined;
    }
    const message = wordsFor(started, container.port);
    const why =
      started.kind === 'image'
        ? { message, reason: 'CONTAINER_MISSING' as const }
        : { message, revisionReason: 'HEALTH_CHECK_CONTAINER_ERROR' as const };
    revision.conditions = ['Ready', 'ContainerHealthy'].map((type) => condition(type, 'CONDITION_FAILED', why));
    this.hosted.say(`Ready condition status changed to False for Revision ${revision.name}: ${message}`);
    const failure = `Revision '${revision.name}' is not ready and cannot serve traffic. ${message}`;
    if (!wasReady) revision.failure = failure;
    return failure;
  }
}

function wordsFor(failure: StartFailure, port: number): string {
  switch (failure.kind) {
    case 'image':
      return failure.reason;
    case 'exited':
      return `The user-provided container failed to start and listen on the port defined provided by the PORT=${port} environment variable within the allocated timeout. The container ${failure.reason}`;
    case 'not-ready':
      return `The user-provided container failed the configured startup probe checks. ${failure.reason}`;
    case 'cancelled':
      return failure.reason;
  }
}

function condition(
  type: string,
  state: Condition['state'],
  why: Pick<Condition, 'message' | 'reason' | 'revisionReason'> = {},
): Condition {
  return { type, state, lastTransitionTime: new Date().toISOString(), ...why };
}
