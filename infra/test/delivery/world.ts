// A hand-written world for delivery: clouds in memory that behave as told, a ledger with real fact ids, a clock that never waits.
import { randomUUID } from 'node:crypto';
import { DeliveryError } from '../../contract/errors.ts';
import { chainHash, type Fact, fact, factId, factSchema, type NewFact } from '../../contract/fact.ts';
import type { Golden } from '../../contract/golden.ts';
import type { Clock, Deployer, Ledger, Prover } from '../../contract/ports.ts';
import { copyFor, identityOf, type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import type { RuntimeContract, Sourced } from '../../contract/runtime.ts';
import type { DeployedService, RuntimeName } from '../../contract/service.ts';
import { parseStack, type Stack, type StackName } from '../../contract/stack.ts';
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

export const everyStack: readonly StackName[] = [
  'aws-dev',
  'gcp-dev',
  'azure-dev',
  'aws-prod',
  'gcp-prod',
  'azure-prod',
];
const runtimeOf = { aws: 'app-runner', gcp: 'cloud-run', azure: 'app-service' } as const;

export class World {
  nowMs = Date.parse('2026-11-21T10:00:00Z');
  readonly facts: Fact[] = [];
  /** What each stack's Pulumi outputs say. */
  readonly outputs = new Map<StackName, DeployedService>();
  /** Every deployment asked for, in order: `azure-prod candidate rel-…`. */
  readonly deployments: string[] = [];
  readonly said: string[] = [];
  readonly images = new Map<string, string>();
  private readonly behaviours = new Map<string, Behaviour>();
  private readonly plans = new Map<StackName, string>();
  private readonly released = new Map<string, ReleaseManifest>();

  /** @param stage `candidate` or `live` alone; both when absent. */
  behave(stack: StackName, release: string, behaviour: Behaviour, stage?: 'candidate' | 'live'): void {
    for (const where of stage === undefined ? ['candidate', 'live'] : [stage]) {
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
    return {
      ledger: this.ledger,
      deployer: this.deployer,
      provers: {
        'app-runner': this.prover('app-runner'),
        'cloud-run': this.prover('cloud-run'),
        'app-service': this.prover('app-service'),
      },
      registries: {
        aws: { resolve: async (ref) => this.images.get(ref) },
        gcp: { resolve: async (ref) => this.images.get(ref) },
        azure: { resolve: async (ref) => this.images.get(ref) },
      },
      goldens: { read: async () => [{ model: 'wine', golden }] },
      clock: this.clock,
      newId: randomUUID,
      policy: parsePolicy(policyText),
      stacks: targets,
      actor: { login: 'requester', via: 'local' },
      timeScale: 1,
      report: ({ stack = '', message }) => this.said.push(`${stack} ${message}`),
      emulated: true,
      fetch: (input) => Promise.resolve(this.answer(new URL(String(input)))),
      ...changes,
    };
  }

  async release(change: Partial<ReleaseParts> = {}): Promise<ReleaseManifest> {
    const manifest = await makeRelease(this.delivery(), { ...partsOf(this.released.size + 1), ...change });
    this.released.set(releaseIdOf(manifest), manifest);
    for (const { ref } of manifest.image.copies) this.images.set(ref, manifest.image.digest);
    return manifest;
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

  readonly ledger: Ledger = {
    location: 'memory',
    facts: async () => [...this.facts],
    append: async (decide) => decide([...this.facts]).map((content) => this.place(content)),
  };

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

  private readonly deployer: Deployer = {
    foundation: async () => ({ repository: 'registry.test/trireme', pullIdentity: 'puller', details: {} }),
    deployed: async (stack) => this.outputs.get(stack.name),
    preview: async (stack, { manifest }) => ({
      stack: stack.name,
      fingerprint: this.plans.get(stack.name) ?? `plan of ${releaseIdOf(manifest)} on ${stack.name}`,
      changes: [],
    }),
    destroy: async () => {},
    deploy: async (stack, { manifest, stage }, options) => {
      options?.signal?.throwIfAborted();
      const key = `${stack.name} ${stage} ${releaseIdOf(manifest)}`;
      this.deployments.push(key);
      const behaviour = this.behaviours.get(key) ?? 'good';
      if (behaviour === 'engine-errors-once') this.behaviours.set(key, 'good');
      if (behaviour.startsWith('engine-errors')) throw new DeliveryError('errored', 'the engine lost its connection');
      if (behaviour === 'config-invalid') throw new DeliveryError('config-invalid', 'memoryMiB is too small');
      if (behaviour === 'state-unwritable') throw new DeliveryError('state-unwritable', 'no space left on device');
      const before = this.outputs.get(stack.name);
      const service =
        stage === 'candidate' && before ? withCandidate(stack, before, manifest) : serviceOf(stack, manifest);
      if (behaviour === 'rejected')
        return { outcome: 'rejected', diagnostics: ['Revision is not ready'], ...(before ? { service: before } : {}) };
      this.outputs.set(stack.name, service);
      return { outcome: 'applied', diagnostics: [], service };
    },
  };

  private prover(name: RuntimeName): Prover {
    return {
      runtime: contractOf(name, name === 'app-service'),
      baseline: async (service) => service?.revision,
      prove: async ({ service, release, stage }) => {
        const endpoint = stage === 'candidate' ? service.candidateEndpoint : service.endpoint;
        const behaviour = this.behaviourAt(endpoint ?? '', release.releaseId);
        const outcome =
          behaviour === 'control-plane-failed'
            ? 'failed'
            : behaviour === 'control-plane-errored'
              ? 'errored'
              : 'passed';
        const found =
          outcome === 'failed' ? 'ROLLBACK_SUCCEEDED' : outcome === 'errored' ? 'no new operation' : 'SUCCEEDED';
        const check: Check = { name: 'control-plane', outcome, expected: 'SUCCEEDED', found, seconds: 0, source: name };
        return [check];
      },
    };
  }

  private behaviourAt(endpoint: string, release: string): Behaviour {
    const [stack = '', stage = ''] = new URL(endpoint).hostname.split('.');
    return this.behaviours.get(`${stack} ${stage} ${release}`) ?? 'good';
  }

  private answer(url: URL): Response {
    const [stack = '', stage = ''] = url.hostname.split('.');
    const service = this.outputs.get(stack as StackName);
    const release = stage === 'candidate' ? service?.coordinates.candidate : service?.release.releaseId;
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

function withCandidate(stack: Stack, live: DeployedService, manifest: ReleaseManifest): DeployedService {
  return {
    ...live,
    candidateEndpoint: `http://${stack.name}.candidate.test`,
    coordinates: { candidate: releaseIdOf(manifest) },
  };
}

function contractOf(name: RuntimeName, slots: boolean): RuntimeContract {
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
    trafficSplitting: known(false),
    slots: known(slots),
    scaleToZero: known(false),
    failedCreate: known('service-failed' as const),
    failedUpdate: known('silent-rollback' as const),
    provisionSeconds: known(1),
    poll: known({ everySeconds: 5, forSeconds: 60 }),
  };
}
