// A ledger's worth of deliveries: release after release through dev and prod on three clouds, as the real road writes them.
import { type Fact, factId, type NewFact } from '../infra/contract/fact.ts';
import { manifestHash, type ReleaseManifest, releaseIdOf } from '../infra/contract/release.ts';
import { clouds, type Environment } from '../infra/contract/stack.ts';
import { chainOn } from '../infra/ledger/chain.ts';

const actor = { login: 'ada', via: 'github' } as const;
const startMs = Date.parse('2026-01-05T08:00:00.000Z');
const stepMs = 45_000;

/** That many facts, chained; each release writes 31. */
export function sampleLedger(count: number): Fact[] {
  const contents: NewFact[] = [];
  const clock = { now: startMs };
  for (let sequence = 1; contents.length < count; sequence++) contents.push(...deliveryOf(sequence, clock));
  return chainOn([], contents.slice(0, count));
}

function deliveryOf(sequence: number, clock: { now: number }): NewFact[] {
  const manifest = manifestOf(sequence);
  const release = releaseIdOf(manifest);
  const replaced = sequence === 1 ? null : releaseIdOf(manifestOf(sequence - 1));
  const stamp = () => {
    clock.now += stepMs;
    return { at: new Date(clock.now).toISOString(), actor };
  };
  const plans = Object.fromEntries(
    clouds.map((cloud) => [`${cloud}-prod`, { fingerprint: hex(sequence), changes: [] }]),
  );
  const previous = Object.fromEntries(clouds.map((cloud) => [`${cloud}-prod`, replaced]));
  const promotion = hex(sequence).slice(-12);
  const step = (state: 'prepared' | 'started' | 'succeeded'): NewFact => ({
    ...stamp(),
    kind: 'promotion',
    environment: 'prod',
    release,
    body: { state, promotion, plans, previous, manifest: manifestHash(manifest), requestedBy: 'ada' },
  });
  const prepared = step('prepared');
  return [
    { ...stamp(), kind: 'release', release, body: { manifest } },
    ...deploymentsTo('dev', release, replaced, stamp),
    prepared,
    {
      ...stamp(),
      kind: 'approval',
      environment: 'prod',
      release,
      body: {
        promotion,
        manifest: manifestHash(manifest),
        plans: Object.fromEntries(Object.entries(plans).map(([stack, { fingerprint }]) => [stack, fingerprint])),
        previous,
        environmentHead: factId(prepared),
        approver: 'grace',
        expires: new Date(clock.now + 24 * 3_600_000).toISOString(),
      },
    },
    step('started'),
    ...deploymentsTo('prod', release, replaced, stamp),
    step('succeeded'),
  ];
}

function deploymentsTo(
  environment: Environment,
  release: string,
  replaced: string | null,
  stamp: () => Pick<NewFact, 'at' | 'actor'>,
): NewFact[] {
  return clouds.flatMap((cloud): NewFact[] => {
    const stack = `${cloud}-${environment}`;
    const where = { environment, stack, release } as const;
    const deployment = (state: 'updating' | 'proving' | 'healthy'): NewFact => ({
      ...stamp(),
      ...where,
      kind: 'deployment',
      body: {
        attempt: `${release}-${stack}`,
        state,
        replaced,
        ...(state === 'healthy'
          ? { endpoint: `https://${stack}.example.org`, revision: `${stack}-7`, seconds: 41.5 }
          : {}),
      },
    });
    return [
      deployment('updating'),
      deployment('proving'),
      {
        ...stamp(),
        ...where,
        kind: 'verification',
        body: {
          outcome: 'passed',
          checks: ['digest', 'revision', 'traffic', 'ready', 'version', 'golden'].map((name) => ({
            name,
            outcome: 'passed' as const,
            expected: release,
            found: release,
            seconds: 0.4,
            source: `https://${stack}.example.org/v2/health/ready`,
          })),
        },
      },
      deployment('healthy'),
    ];
  });
}

function manifestOf(sequence: number): ReleaseManifest {
  const digest = `sha256:${hex(sequence)}`;
  return {
    schema: 'trireme.release/1',
    sequence,
    source: { repository: 'wine', commit: hex(sequence).slice(-40), dirty: false, authors: ['ada <ada@example.org>'] },
    image: {
      name: 'trireme',
      digest,
      builder: 'dockerfile',
      builderVersion: '29.0',
      platform: 'linux/amd64',
      size: 180_000_000,
      copies: clouds.map((cloud) => ({ cloud, ref: `${cloud}.registry.example.org/trireme@${digest}` })),
    },
    build: { buildId: `bld-${hex(sequence).slice(-12)}`, node: '24.21.0', lockfile: digest },
    models: [{ name: 'wine', digest }],
    infra: { program: digest, stackConfigs: Object.fromEntries(clouds.map((cloud) => [`${cloud}-prod`, digest])) },
  };
}

function hex(number: number): string {
  return number.toString(16).padStart(64, '0');
}
