// A ledger as a team would have it after a week: eight releases on six stacks; one failed, one reverted, one split prod and was brought together, one waits.
import type { Fact, FactOf, NewFact } from '../../contract/fact.ts';
import type { PlanChange } from '../../contract/plan.ts';
import { type PredictionPreview, previewHash } from '../../contract/preview.ts';
import { manifestHash, type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import { type Environment, everyStackName, parseStack, type StackName } from '../../contract/stack.ts';
import type { Check } from '../../contract/verification.ts';
import type { Target } from '../../delivery/delivery.ts';
import { parsePolicy } from '../../delivery/policy.ts';
import { chainOn } from '../../ledger/chain.ts';
import type { PageInput } from '../../page/book.ts';
import { policyText } from '../delivery/world.ts';

export const nowMs = Date.parse('2026-11-21T10:35:00Z');
const runtimes = { aws: 'app-runner', gcp: 'cloud-run', azure: 'app-service' } as const;
export const sampleTargets: readonly Target[] = everyStackName.map((name) => {
  const stack = parseStack(name);
  return { stack, runtime: runtimes[stack.cloud] };
});

/** A random-looking hash that is the same each time. */
export function hex(seed: string | number, length = 64): string {
  let state = [...String(seed)].reduce(
    (sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0,
    2_166_136_261,
  );
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 28).toString(16);
  }).join('');
}

export function manifest(sequence: number, authors = ['Dana Developer <dana@example.org>']): ReleaseManifest {
  const digest = `sha256:${hex(`image ${sequence}`)}` as const;
  const hosts = {
    aws: '123456789012.dkr.ecr.eu-west-1.amazonaws.com/trireme',
    gcp: 'europe-west1-docker.pkg.dev/example/trireme/app',
    azure: 'trireme.azurecr.io/trireme',
  };
  return {
    schema: 'trireme.release/1',
    sequence,
    source: {
      repository: 'https://github.com/example/wine.git',
      commit: hex(`commit ${sequence}`, 40),
      dirty: false,
      authors,
    },
    image: {
      name: 'trireme',
      digest,
      builder: 'dockerfile',
      builderVersion: 'podman 5.4',
      platform: 'linux/amd64',
      size: 61_400_000 + sequence,
      copies: (['aws', 'gcp', 'azure'] as const).map((cloud) => ({ cloud, ref: `${hosts[cloud]}@${digest}` })),
    },
    build: {
      buildId: `bld-${hex(`build ${sequence}`, 12)}`,
      node: '24.21.0',
      lockfile: `sha256:${hex(`lock ${Math.floor(sequence / 3)}`)}`,
    },
    models: [{ name: 'wine', digest: `sha256:${hex(`model ${Math.floor(sequence / 2)}`)}` }],
    infra: {
      program: `sha256:${hex(`program ${Math.floor(sequence / 4)}`)}`,
      stackConfigs: Object.fromEntries(everyStackName.map((name) => [name, `sha256:${hex(name)}`])),
    },
  };
}

export function checksOf(stack: string, release: string, bad?: Partial<Check>): readonly Check[] {
  const build = `bld-${hex(release, 12)}`;
  const endpoint = endpointOf(stack);
  return [
    {
      name: 'control-plane',
      outcome: 'passed',
      expected: 'SUCCEEDED',
      found: 'SUCCEEDED',
      seconds: 41.2,
      source: 'ListOperations: Status',
    },
    { name: 'identity', outcome: 'passed', expected: build, found: build, seconds: 0.2, source: `${endpoint}/version` },
    {
      name: 'readiness',
      outcome: 'passed',
      expected: '200',
      found: '200',
      seconds: 0.1,
      source: `${endpoint}/v2/health/ready`,
    },
    {
      name: 'golden-predictions',
      outcome: 'passed',
      expected: '16 of 16 within 0.0001',
      found: '16 of 16 within 0.0001',
      seconds: 0.4,
      source: `${endpoint}/predict`,
      ...bad,
    },
  ];
}

function endpointOf(stack: string): string {
  return `https://${stack}.wine.example.org`;
}

/** Writes facts in order, a little time between them. */
export class Diary {
  private readonly contents: NewFact[] = [];
  private ms: number;
  constructor(from: string) {
    this.ms = Date.parse(from);
  }

  go(to: string): this {
    this.ms = Date.parse(to);
    return this;
  }

  facts(): readonly Fact[] {
    return chainOn([], this.contents);
  }

  write(
    login: string,
    content: {
      [K in Fact['kind']]: Omit<FactOf<K>, 'schema' | 'id' | 'previous' | 'chain' | 'at' | 'actor'>;
    }[Fact['kind']],
  ): this {
    this.ms += 7_000;
    this.contents.push({ ...content, at: new Date(this.ms).toISOString(), actor: { login, via: 'github' } } as NewFact);
    return this;
  }

  release(made: ReleaseManifest): this {
    const release = releaseIdOf(made);
    this.write('dana', { kind: 'release', release, body: { manifest: made } });
    return this.write('dana', {
      kind: 'attestation',
      release,
      body: {
        subject: made.image.digest,
        attested: true,
        predicates: ['https://slsa.dev/provenance/v1', 'https://cyclonedx.org/bom'],
        sbom: hex(`sbom ${made.sequence}`),
        note: 'signed in GitHub Actions',
      },
    });
  }

  deploy(
    stack: StackName,
    release: string,
    replaced: string | null,
    end: FactOf<'deployment'>['body']['state'] = 'healthy',
    bad?: Partial<Check>,
    reason?: string,
  ): this {
    const { environment } = parseStack(stack);
    const attempt = hex(`${stack} ${release} ${this.contents.length}`, 8);
    const common = { kind: 'deployment', environment, stack, release } as const;
    this.write('dana', { ...common, body: { attempt, state: 'updating', replaced } });
    const checks = [...checksOf(stack, release, bad)];
    const outcome = bad?.outcome ?? 'passed';
    this.write('dana', { kind: 'verification', environment, stack, release, body: { outcome, checks } });
    const seconds = 48.3 + stack.length;
    return this.write('dana', {
      ...common,
      body: {
        attempt,
        state: end,
        replaced,
        seconds,
        ...(end === 'healthy' ? { endpoint: endpointOf(stack), revision: `r-${hex(attempt, 6)}` } : {}),
        ...(reason === undefined ? {} : { reason }),
      },
    });
  }

  everywhere(environment: Environment, release: string, replaced: string | null): this {
    for (const { stack } of sampleTargets) {
      if (stack.environment === environment) this.deploy(stack.name, release, replaced);
    }
    return this;
  }

  prepare(id: string, made: ReleaseManifest, previous: string | null, preview?: PredictionPreview): this {
    const stacks = everyStackName.filter((name) => name.endsWith('-prod'));
    return this.write('dana', {
      kind: 'promotion',
      environment: 'prod',
      release: releaseIdOf(made),
      body: {
        state: 'prepared',
        promotion: id,
        plans: Object.fromEntries(
          stacks.map((stack) => [stack, { fingerprint: hex(`${stack} ${id}`), changes: changesOf(stack) }]),
        ),
        previous: Object.fromEntries(stacks.map((stack) => [stack, previous])),
        manifest: manifestHash(made),
        requestedBy: 'dana',
        ...(preview === undefined ? {} : { preview: previewHash(preview), previewDocument: preview }),
      },
    });
  }

  approve(id: string, made: ReleaseManifest, previous: string | null, breakGlass?: string): this {
    return this.write(breakGlass === undefined ? 'rita' : 'olaf', {
      kind: 'approval',
      environment: 'prod',
      release: releaseIdOf(made),
      body: {
        promotion: id,
        manifest: manifestHash(made),
        plans: {},
        previous: { 'aws-prod': previous },
        environmentHead: null,
        approver: breakGlass === undefined ? 'rita' : 'olaf',
        expires: new Date(this.ms + 86_400_000).toISOString(),
        ...(breakGlass === undefined ? {} : { breakGlass }),
        url: 'https://github.com/example/wine/actions/runs/4711',
      },
    });
  }

  end(id: string, made: ReleaseManifest, state: 'started' | 'succeeded' | 'failed', reason?: string): this {
    return this.write('dana', {
      kind: 'promotion',
      environment: 'prod',
      release: releaseIdOf(made),
      body: {
        state,
        promotion: id,
        plans: {},
        previous: {},
        manifest: manifestHash(made),
        requestedBy: 'dana',
        ...(reason === undefined ? {} : { reason }),
      },
    });
  }
}

function changesOf(stack: string): PlanChange[] {
  const type = stack.startsWith('aws')
    ? 'aws:apprunner/service:Service'
    : stack.startsWith('gcp')
      ? 'gcp:cloudrunv2/service:Service'
      : 'azure-native:web:WebApp';
  const change = (name: string, operation: PlanChange['operation'], paths: string[], kind = type): PlanChange => ({
    urn: `urn:pulumi:${stack}::trireme::${kind}::${name}`,
    type: kind,
    name,
    operation,
    paths,
  });
  return [
    change('service', 'update', ['env.RELEASE_ID', 'image']),
    ...(stack.startsWith('azure') ? [change('plan', 'replace', ['sku.name'], 'azure-native:web:AppServicePlan')] : []),
  ];
}

export const samplePreview: PredictionPreview = {
  schema: 'trireme.preview/1',
  model: 'wine',
  task: 'classification',
  running: `sha256:${hex('model 3')}`,
  candidate: `sha256:${hex('model 4')}`,
  inputs: 'held-out data',
  inputsDigest: hex('inputs'),
  trainedOn: { running: 0, candidate: 0 },
  refused: { running: 0, candidate: 0 },
  total: {
    name: 'all',
    rows: 1200,
    flips: 14,
    confidenceShift: 0.0123,
    accuracy: { running: 0.956, candidate: 0.967 },
  },
  classesBy: 'true label',
  perClass: [
    { name: 'barolo', rows: 400, flips: 2, confidenceShift: 0.008, accuracy: { running: 0.98, candidate: 0.982 } },
    {
      name: 'grignolino',
      rows: 460,
      flips: 10,
      confidenceShift: 0.021,
      accuracy: { running: 0.931, candidate: 0.954 },
    },
    { name: 'barbera', rows: 340, flips: 2, confidenceShift: -0.004, accuracy: { running: 0.962, candidate: 0.968 } },
  ],
  perSlice: [],
  flips: [
    { from: 'barolo', to: 'grignolino', rows: 9 },
    { from: 'grignolino', to: 'barbera', rows: 5 },
  ],
  gained: 14,
  lost: 1,
  cost: { running: 44.1, candidate: 33.8 },
};

/** @param last how it stands at the end: one waits, prod is whole; or prod is split and frozen. */
export function sampleFacts(last: 'waiting' | 'trouble' = 'waiting'): readonly Fact[] {
  const made = Array.from({ length: 9 }, (_, index) =>
    manifest(
      35 + index,
      index % 2 === 0 ? undefined : ['Noor Haddad <noor@example.org>', 'Dana Developer <dana@example.org>'],
    ),
  );
  const [r35, r36, r37, r38, r39, r40, r41, r42] = made as [
    ReleaseManifest,
    ReleaseManifest,
    ReleaseManifest,
    ReleaseManifest,
    ReleaseManifest,
    ReleaseManifest,
    ReleaseManifest,
    ReleaseManifest,
  ];
  const id = releaseIdOf;
  const diary = new Diary('2026-11-16T08:02:00Z');
  const promoted = (name: string, what: ReleaseManifest, from: string | null, glass?: string) => {
    diary.prepare(name, what, from).approve(name, what, from, glass).end(name, what, 'started');
    diary.everywhere('prod', id(what), from).end(name, what, 'succeeded');
  };
  diary.release(r35).everywhere('dev', id(r35), null);
  promoted('prm-35a0c1d2e3', r35, null);
  diary.go('2026-11-17T09:10:00Z').release(r36).everywhere('dev', id(r36), id(r35));
  promoted('prm-36a0c1d2e3', r36, id(r35));
  // Fails in dev on one cloud, and goes back there.
  diary.go('2026-11-17T14:40:00Z').release(r37).deploy('aws-dev', id(r37), id(r36)).deploy('gcp-dev', id(r37), id(r36));
  diary.deploy(
    'azure-dev',
    id(r37),
    id(r36),
    'reverted',
    { outcome: 'failed', found: '11 of 16 within 0.0001' },
    'golden-predictions: expected 16 of 16 within 0.0001; found 11 of 16 within 0.0001',
  );
  diary.go('2026-11-18T08:30:00Z').release(r38).everywhere('dev', id(r38), id(r36));
  // Fails in prod on one cloud: the others stay, prod is split, a rollback brings it together.
  diary
    .go('2026-11-18T10:00:00Z')
    .prepare('prm-38a0c1d2e3', r38, id(r36))
    .approve('prm-38a0c1d2e3', r38, id(r36))
    .end('prm-38a0c1d2e3', r38, 'started');
  diary.deploy('aws-prod', id(r38), id(r36)).deploy('azure-prod', id(r38), id(r36));
  diary.deploy(
    'gcp-prod',
    id(r38),
    id(r36),
    'reverted',
    { name: 'readiness', outcome: 'failed', expected: '200', found: '503: WINE_REGION is not set' },
    'readiness: expected 200; found 503: WINE_REGION is not set',
  );
  diary.end('prm-38a0c1d2e3', r38, 'failed', 'gcp-prod went back to what it ran');
  diary.write('rita', {
    kind: 'hold',
    release: id(r38),
    body: { reason: 'needs WINE_REGION on gcp, which no stack file has' },
  });
  diary.write('rita', {
    kind: 'rollback',
    environment: 'prod',
    release: id(r36),
    body: { from: { 'aws-prod': id(r38), 'gcp-prod': id(r36), 'azure-prod': id(r38) }, reason: 'bring prod together' },
  });
  diary.deploy('aws-prod', id(r36), id(r38)).deploy('azure-prod', id(r36), id(r38));
  diary.go('2026-11-19T07:50:00Z').release(r39).everywhere('dev', id(r39), id(r36));
  diary.go('2026-11-19T13:15:00Z').release(r40).everywhere('dev', id(r40), id(r39));
  promoted('prm-40a0c1d2e3', r40, id(r36), 'the certificate of the price feed ran out and nobody else is awake');
  diary.go('2026-11-20T16:20:00Z').release(r41).deploy('aws-dev', id(r41), id(r40)).deploy('gcp-dev', id(r41), id(r40));
  diary.deploy(
    'azure-dev',
    id(r41),
    id(r40),
    'failed',
    { outcome: 'errored', found: 'no answer in 60 s' },
    'golden-predictions: no answer in 60 s',
  );
  diary.go('2026-11-21T08:55:00Z').release(r42).everywhere('dev', id(r42), id(r40));
  diary.go('2026-11-21T10:05:00Z').prepare('prm-42a0c1d2e3', r42, id(r40), samplePreview);
  if (last === 'trouble') {
    diary.approve('prm-42a0c1d2e3', r42, id(r40)).end('prm-42a0c1d2e3', r42, 'started');
    diary.deploy('aws-prod', id(r42), id(r40));
    diary.deploy(
      'gcp-prod',
      id(r42),
      id(r40),
      'revert-failed',
      { outcome: 'failed', found: '3 of 16 within 0.0001' },
      'golden-predictions failed; going back failed too: quota exceeded',
    );
    diary.end('prm-42a0c1d2e3', r42, 'failed', 'gcp-prod is not back');
    diary.write('rita', {
      kind: 'freeze',
      environment: 'prod',
      body: { reason: 'gcp quota: nobody promotes until it is raised', until: '2026-11-22T08:00:00.000Z' },
    });
  }
  return diary.facts();
}

export function sampleInput(facts: readonly Fact[] = sampleFacts(), changes: Partial<PageInput> = {}): PageInput {
  return {
    facts,
    stacks: sampleTargets,
    policy: parsePolicy(policyText),
    deployed: {},
    nowMs,
    ledger: 'https://github.com/example/wine (branch trireme-ledger)',
    models: new Map([
      [`sha256:${hex('model 20')}`, [{ name: 'accuracy', value: 0.956, low: 0.931, high: 0.973 }]],
      [`sha256:${hex('model 21')}`, [{ name: 'accuracy', value: 0.967, low: 0.944, high: 0.981 }]],
    ]),
    ...changes,
  };
}
