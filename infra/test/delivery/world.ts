// A hand-written world for delivery: clouds in memory that behave as told, a ledger with real fact ids, a clock that never waits.
import { randomUUID } from 'node:crypto';
import { digestOf } from '../../contract/canonical.ts';
import { DeliveryError } from '../../contract/errors.ts';
import {
  chainHash,
  type DeploymentState,
  type Fact,
  type FactOf,
  fact,
  factId,
  factSchema,
  type NewFact,
} from '../../contract/fact.ts';
import type { Golden } from '../../contract/golden.ts';
import type { PlanChange } from '../../contract/plan.ts';
import type {
  Clock,
  Deployer,
  DeploymentRequest,
  DeploymentResult,
  Ledger,
  Prover,
  TrafficReader,
} from '../../contract/ports.ts';
import { copyFor, identityOf, manifestHash, type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import type { RuntimeContract, Sourced } from '../../contract/runtime.ts';
import { type DeployedService, type RuntimeName, type Stage, stages } from '../../contract/service.ts';
import { parseStack, type Stack, type StackName } from '../../contract/stack.ts';
import type { DeploymentStep, StepFault } from '../../contract/step.ts';
import type { Check } from '../../contract/verification.ts';
import type { Delivery, Target } from '../../delivery/delivery.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { makeRelease, type ReleaseParts } from '../../delivery/release.ts';

/** What becomes of a release on a stack. */
export type Behaviour =
  | 'good'
  | 'rejected'
  | 'control-plane-failed'
  | 'control-plane-errored'
  | 'wrong-build'
  | 'not-ready'
  | 'unreachable'
  | 'wrong-prediction'
  | 'off-by-some'
  | 'off-the-other-way'
  | 'engine-errors-once'
  | 'engine-errors'
  | 'config-invalid'
  | 'state-unwritable';

export const policyText = `
schema: trireme.policy/1
approvals: { via: [local, github], approvers: [], authorMayApprove: false, requesterMayApprove: false, expiresHours: 24 }
`;

const usualPolicy = parsePolicy(policyText);

export const everyStack: readonly StackName[] = [
  'aws-dev',
  'gcp-dev',
  'azure-dev',
  'aws-prod',
  'gcp-prod',
  'azure-prod',
];
const runtimeOf = { aws: 'app-runner', gcp: 'cloud-run', azure: 'app-service' } as const;

/** A step that goes wrong once, or always, on one stack: see contract/step.ts. */
export interface Injected {
  readonly stack: StackName;
  readonly step: DeploymentStep;
  readonly fault: StepFault;
  /** Only so many times; for ever when absent. */
  times?: number;
}

export class World {
  nowMs = Date.parse('2026-11-21T10:00:00Z');
  readonly facts: Fact[] = [];
  /** What each stack's Pulumi outputs say. */
  readonly outputs = new Map<StackName, DeployedService>();
  /** What each stack really serves, whatever its outputs say. */
  readonly serving = new Map<StackName, string>();
  /** Of a hundred requests, how many the candidate really gets; not in it: none. */
  readonly sharing = new Map<StackName, number>();
  /** What goes wrong. */
  fault: Injected | undefined;
  /** Processes that died: whatever they ask is never answered. */
  private readonly dead = new Set<string>();
  /** Kept once the first of them died. */
  readonly death = Promise.withResolvers<void>();
  /** Every deployment asked for, in order: `azure-prod candidate rel-…`. */
  readonly deployments: string[] = [];
  readonly said: string[] = [];
  readonly images = new Map<string, string>();
  private readonly behaviours = new Map<string, Behaviour>();
  private readonly plans = new Map<StackName, string>();
  /** What the next plan of a stack would do to its resources; not in it: nothing. */
  readonly changes = new Map<StackName, PlanChange[]>();
  /** Deployments that were told that they may take a service away. */
  readonly mayReplace: string[] = [];
  private readonly released = new Map<string, ReleaseManifest>();
  /** One array for as long as nothing is written, as the ledger gives it: what was looked up in it is not looked up again. */
  private snapshot: readonly Fact[] = [];

  /** @returns another world that stands where this one does, and goes its own way from here. */
  fork(): World {
    const other = new World();
    other.nowMs = this.nowMs;
    other.facts.push(...this.facts);
    other.deployments.push(...this.deployments);
    other.fault = this.fault;
    copyInto(other.outputs, this.outputs);
    copyInto(other.serving, this.serving);
    copyInto(other.sharing, this.sharing);
    copyInto(other.images, this.images);
    copyInto(other.behaviours, this.behaviours);
    copyInto(other.plans, this.plans);
    copyInto(other.changes, this.changes);
    copyInto(other.released, this.released);
    return other;
  }

  /** @param stage that one alone; all of them when absent. */
  behave(stack: StackName, release: string, behaviour: Behaviour, stage?: Stage): void {
    for (const where of stage === undefined ? stages : [stage]) {
      this.behaviours.set(`${stack} ${where} ${release}`, behaviour);
    }
  }

  /** Somebody else changed the stack: its next plan has another fingerprint. */
  changePlan(stack: StackName, fingerprint: string): void {
    this.plans.set(stack, fingerprint);
  }

  pass(seconds: number): void {
    this.nowMs += seconds * 1000;
  }

  delivery(stacks: readonly StackName[] = everyStack, changes: Partial<Delivery> = {}): Delivery {
    const targets = stacks.map((name): Target => {
      const stack = parseStack(name);
      return { stack, runtime: runtimeOf[stack.cloud] };
    });
    const process = randomUUID();
    const traffic = { lateSeconds: 0, read: this.traffic(process) };
    return {
      ledger: this.ledgerOf(process),
      deployer: this.deployerOf(process),
      provers: {
        'app-runner': this.prover('app-runner', process),
        'cloud-run': this.prover('cloud-run', process),
        'app-service': this.prover('app-service', process),
      },
      traffic: { 'app-runner': traffic, 'cloud-run': traffic, 'app-service': traffic },
      registries: {
        aws: { resolve: async (ref) => this.images.get(ref) },
        gcp: { resolve: async (ref) => this.images.get(ref) },
        azure: { resolve: async (ref) => this.images.get(ref) },
      },
      goldens: { read: async () => [{ model: 'wine', golden }] },
      clock: this.clock,
      newId: randomUUID,
      policy: usualPolicy,
      stacks: targets,
      actor: { login: 'requester', via: 'local' },
      timeScale: 1,
      report: ({ stack = '', message }) => this.said.push(`${stack} ${message}`),
      emulated: true,
      fetch: (input) => Promise.resolve(this.answer(new URL(String(input)))),
      ...changes,
    };
  }

  async release(
    change: Partial<ReleaseParts> = {},
    stackFiles?: Readonly<Record<string, string>>,
  ): Promise<ReleaseManifest> {
    const parts = { ...partsOf(this.released.size + 1), ...change };
    const manifest = await makeRelease(this.delivery(), parts, stackFiles);
    this.released.set(releaseIdOf(manifest), manifest);
    for (const { ref } of manifest.image.copies) this.images.set(ref, manifest.image.digest);
    return manifest;
  }

  /** One whose stack files the ledger holds, as it does of every release that is made today. */
  async releaseWithFiles(): Promise<ReleaseManifest> {
    const texts = Object.fromEntries(everyStack.map((stack) => [stack, `file of ${stack}`]));
    const digests = Object.fromEntries(Object.entries(texts).map(([stack, text]) => [stack, digestOf(text)]));
    return this.release({ infra: { program: digestOf('program'), stackConfigs: digests } }, texts);
  }

  states(stack: StackName): string[] {
    return this.facts.flatMap((one) => (one.kind === 'deployment' && one.stack === stack ? [one.body.state] : []));
  }

  readonly clock: Clock = {
    now: () => {
      this.nowMs += 1;
      return this.nowMs;
    },
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      this.nowMs += milliseconds;
    },
  };

  private ledgerOf(process: string): Ledger {
    return {
      location: 'memory',
      facts: () => this.step(process, undefined, undefined, async () => this.factsNow()),
      append: async (decide) => {
        const wanted = decide(this.factsNow());
        const word = wanted.find((one) => one.kind === 'deployment');
        const step = word?.kind === 'deployment' ? recordStep(word.body.state, word.body.seconds) : undefined;
        return this.step(process, word?.kind === 'deployment' ? word.stack : undefined, step, async () =>
          wanted.map((content) => this.place(content)),
        );
      },
    };
  }

  private factsNow(): readonly Fact[] {
    const { snapshot, facts } = this;
    const same = snapshot.length === facts.length && snapshot.every((one, index) => one === facts[index]);
    if (!same) this.snapshot = [...facts];
    return this.snapshot;
  }

  /** Does one step, with what was injected for it. `lost`: it was done, and this process never hears of anything again. */
  private async step<T>(
    process: string,
    stack: string | undefined,
    step: DeploymentStep | undefined,
    act: () => Promise<T>,
    bad?: () => T,
  ): Promise<T> {
    if (this.dead.has(process)) return new Promise<never>(() => {});
    const { fault } = this;
    if (fault === undefined || fault.stack !== stack || fault.step !== step || fault.times === 0) return act();
    if (fault.times !== undefined) fault.times -= 1;
    if (fault.fault === 'fail' && bad !== undefined) return bad();
    if (fault.fault === 'half-apply') await act();
    if (fault.fault !== 'lost') throw new DeliveryError('errored', `${step} on ${stack}: ${fault.fault}`);
    await act();
    this.dead.add(process);
    this.death.resolve();
    return new Promise<never>(() => {});
  }

  private traffic(process: string): TrafficReader['read'] {
    return async (service, fromMs, _toMs, of) => {
      const stack = stackAt(service.endpoint);
      const good = { requests: 1000, errors: 1, meanLatencyMs: 20 };
      const before = this.facts.some(
        (one) => one.kind === 'deployment' && one.stack === stack && Date.parse(one.at) > fromMs,
      );
      return this.step(
        process,
        stack,
        before ? undefined : of === 'candidate' ? 'watch-share' : 'watch',
        async () => good,
        () => ({ ...good, errors: 500 }),
      );
    };
  }

  /** The papers of a promotion that let the release into prod: what a rollback to it asks for, where a test deploys it there by itself. */
  letIntoProd(manifest: ReleaseManifest): ReleaseManifest {
    const release = releaseIdOf(manifest);
    const at = new Date(this.clock.now()).toISOString();
    const own = { at, environment: 'prod', release } as const;
    const common = { promotion: `prm-of-${release}`, manifest: manifestHash(manifest), plans: {}, previous: {} };
    const requester = { login: 'requester', via: 'local' } as const;
    const stated = (state: FactOf<'promotion'>['body']['state']): NewFact => {
      const body = { ...common, state, requestedBy: requester.login };
      return { ...own, kind: 'promotion', actor: requester, body };
    };
    const approval = { ...common, environmentHead: null, approver: 'alice', expires: at };
    this.place(stated('prepared'));
    this.place({ ...own, kind: 'approval', actor: { login: 'alice', via: 'local' }, body: approval });
    this.place(stated('started'));
    this.place(stated('succeeded'));
    return manifest;
  }

  private place(content: NewFact): Fact {
    const id = factId(content);
    const there = this.facts.find((one) => one.id === id);
    if (there !== undefined) return there;
    const last = this.facts.at(-1);
    const placed = {
      ...content,
      schema: factSchema,
      id,
      previous: last?.id ?? null,
      chain: chainHash(last?.chain ?? null, id),
    };
    const parsed = fact.parse(JSON.parse(JSON.stringify(placed)));
    this.facts.push(parsed);
    return parsed;
  }

  private deployerOf(process: string): Deployer {
    return {
      foundation: async () => ({ repository: 'registry.test/trireme', pullIdentity: 'puller', details: {} }),
      foundationOutputs: async () => undefined,
      previewFoundation: async (cloud) => ({ stack: `${cloud}-foundation`, fingerprint: '', changes: [] }),
      deployed: (stack) =>
        this.step(process, stack.name, this.began(stack.name) ? undefined : 'read-outputs', async () =>
          this.outputs.get(stack.name),
        ),
      preview: async (stack, { manifest }) => ({
        stack: stack.name,
        fingerprint: this.plans.get(stack.name) ?? `plan of ${releaseIdOf(manifest)} on ${stack.name}`,
        changes: this.changes.get(stack.name) ?? [],
      }),
      drift: async () => [],
      destroy: async () => {},
      deploy: async (stack, request, options) => {
        options?.signal?.throwIfAborted();
        await options?.guard?.();
        const { manifest, stage } = request;
        if (request.mayReplace === true) this.mayReplace.push(`${stack.name} ${releaseIdOf(manifest)}`);
        const takesBack = this.sharing.has(stack.name);
        const live = this.goingBack(stack.name, releaseIdOf(manifest)) ? 'revert' : 'update';
        const refused = (): DeploymentResult => ({
          outcome: 'rejected',
          diagnostics: ['refused'],
          ...serviceIn(this.outputs.get(stack.name)),
        });
        const beside = takesBack ? 'take-share-back' : 'update-candidate';
        const step = stage === 'candidate' ? beside : stage === 'share' ? 'update-share' : live;
        return this.step(process, stack.name, step, () => this.put(stack, request), refused);
      },
    };
  }

  private async put(stack: Stack, { manifest, stage, sharePercent }: DeploymentRequest): Promise<DeploymentResult> {
    const release = releaseIdOf(manifest);
    const key = `${stack.name} ${stage} ${release}`;
    this.deployments.push(key);
    const behaviour = this.behaviours.get(key) ?? 'good';
    if (behaviour === 'engine-errors-once') this.behaviours.set(key, 'good');
    if (behaviour.startsWith('engine-errors')) throw new DeliveryError('errored', 'the engine lost its connection');
    if (behaviour === 'config-invalid') throw new DeliveryError('config-invalid', 'memoryMiB is too small');
    if (behaviour === 'state-unwritable') throw new DeliveryError('state-unwritable', 'no space left on device');
    const before = this.outputs.get(stack.name);
    const service =
      stage !== 'live' && before
        ? withCandidate(stack, before, manifest, stage === 'share' ? sharePercent : undefined)
        : serviceOf(stack, manifest);
    if (behaviour === 'rejected')
      return { outcome: 'rejected', diagnostics: ['Revision is not ready'], ...serviceIn(before) };
    if (stage === 'live') this.serving.set(stack.name, release);
    if (stage === 'share' && sharePercent !== undefined) this.sharing.set(stack.name, sharePercent);
    else this.sharing.delete(stack.name);
    // Half applied: the cloud changed, and the state that would say so was never written.
    const half = this.fault?.fault === 'half-apply' && this.fault.stack === stack.name;
    if (!half || !/^(update|revert|take)/.test(this.fault?.step ?? '')) this.outputs.set(stack.name, service);
    return { outcome: 'applied', diagnostics: [], service };
  }

  /** Has an attempt on that stack begun and not ended? */
  private began(stack: string): boolean {
    const last = this.facts.findLast((one) => one.kind === 'deployment' && one.stack === stack);
    return last?.kind === 'deployment' && last.body.seconds === undefined;
  }

  /** Is that release put there because another one failed? */
  private goingBack(stack: string, release: string): boolean {
    const last = this.facts.findLast((one) => one.kind === 'deployment' && one.stack === stack);
    return last?.kind === 'deployment' && last.body.seconds === undefined && last.release !== release;
  }

  private prover(name: RuntimeName, process: string): Prover {
    return {
      runtime: contractOf(name),
      baseline: (service) =>
        this.step(
          process,
          service === undefined ? undefined : stackAt(service.endpoint),
          'read-baseline',
          async () => service?.revision,
        ),
      prove: async ({ service, release, stage }) => {
        const endpoint = stage === 'live' ? service.endpoint : service.candidateEndpoint;
        const stack = stackAt(endpoint ?? service.endpoint);
        const live = this.goingBack(stack, release.releaseId) ? 'prove-revert' : 'prove';
        const step = stage === 'candidate' ? 'prove-candidate' : stage === 'share' ? 'prove-share' : live;
        return this.step(
          process,
          stack,
          step,
          async () => [this.seen(name, stack, stage, service, release.releaseId)],
          () => [controlPlane(name, 'control-plane-failed')],
        );
      },
    };
  }

  private seen(name: RuntimeName, stack: StackName, stage: Stage, service: DeployedService, release: string): Check {
    const wanted = stage === 'share' ? service.sharePercent : undefined;
    const has = this.sharing.get(stack);
    const behaviour = this.behaviours.get(`${stack} ${stage} ${release}`) ?? 'good';
    const check = controlPlane(name, behaviour);
    if (has === wanted || check.outcome !== 'passed') return check;
    return { ...check, outcome: 'failed', found: `the candidate has ${has ?? 0} % of the traffic` };
  }

  private behaviourAt(endpoint: string, release: string): Behaviour {
    const [stack = '', stage = ''] = new URL(endpoint).hostname.split('.');
    return this.behaviours.get(`${stack} ${stage} ${release}`) ?? 'good';
  }

  private answer(url: URL): Response {
    const [stack = '', stage = ''] = url.hostname.split('.');
    const service = this.outputs.get(stack as StackName);
    const release = stage === 'candidate' ? service?.coordinates.candidate : this.serving.get(stack as StackName);
    const manifest = this.released.get(release ?? '');
    const behaviour = this.behaviourAt(url.origin, release ?? '');
    if (behaviour === 'unreachable' || manifest === undefined)
      throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    if (url.pathname === '/version') {
      const identity = identityOf(manifest);
      return Response.json(behaviour === 'wrong-build' ? { ...identity, buildId: 'bld-000000000000' } : identity);
    }
    if (url.pathname === '/v2/health/ready') {
      if (behaviour !== 'not-ready') return Response.json({ ready: true });
      return Response.json({ ready: false, reason: 'WINE_REGION is not set' }, { status: 503 });
    }
    const offset = offsets[behaviour] ?? 0;
    const predictions = golden.cases.map(({ output }, index) => ({
      predictionId: `${index}`,
      ...output,
      confidence: Number(output.confidence) + offset,
    }));
    return Response.json({ model: manifest.models[0], predictions });
  }
}

function controlPlane(name: RuntimeName, behaviour: Behaviour): Check {
  const failed = behaviour === 'control-plane-failed';
  const errored = behaviour === 'control-plane-errored';
  const outcome = failed ? 'failed' : errored ? 'errored' : 'passed';
  const found = failed ? 'ROLLBACK_SUCCEEDED' : errored ? 'no new operation' : 'SUCCEEDED';
  return { name: 'control-plane', outcome, expected: 'SUCCEEDED', found, seconds: 0, source: name };
}

function recordStep(state: DeploymentState, seconds: number | undefined): DeploymentStep | undefined {
  if (state === 'updating') return 'record-start';
  return seconds === undefined ? undefined : 'record-end';
}

function copyInto<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  for (const [key, value] of source) target.set(key, value);
}

function serviceIn(service: DeployedService | undefined): { service?: DeployedService } {
  return service === undefined ? {} : { service };
}

function stackAt(endpoint: string): StackName {
  return parseStack(new URL(endpoint).hostname.split('.')[0] ?? '').name;
}

export const golden: Golden = {
  schema: 'trireme.golden/1',
  tolerance: 1e-4,
  cases: Array.from({ length: 16 }, (_, index) => ({
    input: { alcohol: 12 + index / 10 },
    output: { label: 'barolo', confidence: 0.9 },
  })),
};

const offsets: Readonly<Partial<Record<Behaviour, number>>> = {
  'wrong-prediction': 0.5,
  'off-by-some': golden.tolerance * 0.9,
  'off-the-other-way': golden.tolerance * -0.9,
};

export function partsOf(seed: number): ReleaseParts {
  const digest = `sha256:${String(seed).padStart(64, '0')}`;
  return {
    source: {
      repository: 'https://example.test/wine.git',
      commit: String(seed).padStart(40, '0'),
      dirty: false,
      authors: ['Dana Developer <dana@example.test>'],
    },
    image: {
      name: 'trireme',
      digest,
      builder: 'layout',
      builderVersion: '1',
      platform: 'linux/amd64',
      size: 1000,
      copies: (['aws', 'gcp', 'azure'] as const).map((cloud) => ({ cloud, ref: `${cloud}.test/trireme@${digest}` })),
    },
    build: { buildId: `bld-${String(seed).padStart(12, '0')}`, node: '24.21.0', lockfile: digest },
    models: [{ name: 'wine', digest }],
    infra: { program: digest, stackConfigs: {} },
  };
}

function serviceOf(stack: Stack, manifest: ReleaseManifest): DeployedService {
  return {
    endpoint: `http://${stack.name}.live.test`,
    revision: `revision of ${releaseIdOf(manifest)}`,
    coordinates: {},
    release: { ...identityOf(manifest), imageRef: copyFor(manifest, stack.cloud) },
  };
}

function withCandidate(
  stack: Stack,
  { sharePercent: _, ...live }: DeployedService,
  manifest: ReleaseManifest,
  sharePercent: number | undefined,
): DeployedService {
  return {
    ...live,
    ...(sharePercent === undefined ? {} : { sharePercent }),
    candidateEndpoint: `http://${stack.name}.candidate.test`,
    coordinates: { candidate: releaseIdOf(manifest) },
  };
}

function contractOf(name: RuntimeName): RuntimeContract {
  const candidate = name === 'app-service' ? 'slot' : name === 'cloud-run' ? 'tagged-revision' : 'none';
  const known = <T>(value: T): Sourced<T> => ({ value, source: 'assumed: made for a test' });
  return {
    name,
    cloud: name === 'app-runner' ? 'aws' : name === 'cloud-run' ? 'gcp' : 'azure',
    product: name,
    injectsPort: known(true),
    injects: known([]),
    start: { periodSeconds: known(1), timeoutSeconds: known(1), limitSeconds: known(60) },
    requestDeadlineSeconds: known(60),
    drainSeconds: known(10),
    bodyLimitBytes: known(null),
    concurrency: known({ default: 80, max: null }),
    candidate: known(candidate),
    share: known(candidate !== 'none'),
    scaleToZero: known(false),
    autoscaling: known({
      metric: 'concurrency',
      target: { of: 'concurrency', share: 1 },
      outSeconds: 0,
      inSeconds: 0,
    }),
    failedCreate: known('service-failed' as const),
    failedUpdate: known('silent-rollback' as const),
    provisionSeconds: known(1),
    poll: known({ everySeconds: 5, forSeconds: 60 }),
    requestMetrics: known({ periodSeconds: 60, lateSeconds: 60 }),
  };
}
