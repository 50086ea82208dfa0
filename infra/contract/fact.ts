// What the ledger holds: facts, in order, each chained to the one before.
import { z } from 'zod';
import { canonicalJson, sha256 } from './canonical.ts';
import { planChange, planStays, planWarnings } from './plan.ts';
import { predictionPreview } from './preview.ts';
import { releaseManifest } from './release.ts';
import { stages } from './service.ts';
import { environments } from './stack.ts';
import { check, outcomes } from './verification.ts';

export const factSchema = 'trireme.fact/1';

export const deploymentStates = [
  'updating',
  'proving',
  'healthy',
  'failed',
  'reverted',
  'revert-failed',
  'skipped',
  'unknown',
] as const;
export type DeploymentState = (typeof deploymentStates)[number];

const actor = z.strictObject({ login: z.string().min(1), via: z.enum(['github', 'local']) });
export type Actor = z.infer<typeof actor>;

const common = {
  schema: z.literal(factSchema),
  /** Content-derived, without `previous`: a fact sent twice is one fact. */
  id: z.string().regex(/^[0-9a-f]{64}$/),
  /** Id of the fact before it; `null` for the first. */
  previous: z.string().nullable(),
  /** Hash over (previous fact's chain, id): a rewritten history breaks it. */
  chain: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.iso.datetime(),
  actor,
};
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const release = z.string().regex(/^rel-\d+-[0-9a-f]{12}$/);
const environment = z.enum(environments);
const stack = z.string();

export const fact = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('release'),
    release,
    body: z.strictObject({
      manifest: releaseManifest,
      /** Texts of the service stacks' files, by stack name, of the manifest's digests: whoever goes back needs them, whatever they have checked out. */
      stackFiles: z.record(z.string(), z.string()).optional(),
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('deployment'),
    environment,
    stack,
    release,
    body: z.strictObject({
      /** Groups the facts of one try: a random id made when it starts. */
      attempt: z.string(),
      state: z.enum(deploymentStates),
      /** How far it has come while it is under way; left out where there is one stage only. */
      stage: z.enum(stages).optional(),
      /** Of a hundred requests, how many the candidate gets in the stage `share`. */
      sharePercent: z.number().positive().lt(100).optional(),
      /** What the stack ran before; `null` on a first deployment. */
      replaced: release.nullable(),
      endpoint: z.string().optional(),
      revision: z.string().optional(),
      reason: z.string().optional(),
      seconds: z.number().nonnegative().optional(),
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('verification'),
    environment,
    stack,
    release,
    body: z.strictObject({ outcome: z.enum(outcomes), checks: z.array(check) }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('promotion'),
    environment,
    release,
    body: z.strictObject({
      state: z.enum(['prepared', 'started', 'succeeded', 'failed', 'refused']),
      /** Names this promotion in `trireme approve`: the first fact's id, shortened. */
      promotion: z.string(),
      plans: z.record(
        z.string(),
        z.strictObject({
          fingerprint: z.string(),
          changes: z.array(planChange),
          warnings: planWarnings,
          stays: planStays,
        }),
      ),
      /** What each stack runs when it is prepared; `null` where nothing runs. */
      previous: z.record(z.string(), release.nullable()),
      manifest: z.string(),
      requestedBy: z.string(),
      /** SHA-256 of the prediction preview that the approver was shown; absent where nothing could be replayed. */
      preview: sha256Hex.optional(),
      /** The document of that hash, in the fact that prepares; the later ones name the hash alone. */
      previewDocument: predictionPreview.optional(),
      /** Why nothing could be replayed. */
      noPreview: z.string().min(1).optional(),
      /** Why it may enter although the environment is split. */
      override: z.string().min(1).optional(),
      /** Why what answers requests may be taken away, where a plan does that. */
      replace: z.string().min(1).optional(),
      reason: z.string().optional(),
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('approval'),
    environment,
    release,
    body: z.strictObject({
      promotion: z.string(),
      /** SHA-256 of the manifest's canonical form. */
      manifest: z.string(),
      /** Stack to plan fingerprint. */
      plans: z.record(z.string(), z.string()),
      previous: z.record(z.string(), release.nullable()),
      /** Id of the newest fact about that environment when it was approved, the approval's own promotion aside; `null` when there is none. */
      environmentHead: z.string().nullable(),
      approver: z.string(),
      expires: z.iso.datetime(),
      /** The prediction preview's hash, as in the promotion. */
      preview: sha256Hex.optional(),
      /** In an emergency: who may do so approves against the rules about people, and says why. Every view shows it. */
      breakGlass: z.string().min(1).optional(),
      /** An SSH signature (`ssh-keygen -Y sign`, armoured) over the binding, by a key that policy.yaml lists for the approver. */
      signature: z.string().optional(),
      url: z.string().optional(),
    }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('rollback'),
    environment,
    /** The release gone back to. */
    release,
    body: z.strictObject({ from: z.record(z.string(), release.nullable()), reason: z.string() }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('superseded'),
    environment,
    release,
    body: z.strictObject({ promotion: z.string(), reason: z.string() }),
  }),
  /** A stack was taken down on purpose. */
  z.strictObject({
    ...common,
    kind: z.literal('removal'),
    environment,
    stack,
    body: z.strictObject({ replaced: release.nullable(), reason: z.string() }),
  }),
  /** No environment takes this release until it is lifted: it was bad somewhere. */
  z.strictObject({ ...common, kind: z.literal('hold'), release, body: z.strictObject({ reason: z.string().min(1) }) }),
  z.strictObject({
    ...common,
    kind: z.literal('unhold'),
    release,
    body: z.strictObject({ reason: z.string().min(1) }),
  }),
  /** The kill switch: nothing is promoted into the environment until it is thawed or the time is over; rolling back stays possible. */
  z.strictObject({
    ...common,
    kind: z.literal('freeze'),
    environment,
    body: z.strictObject({ reason: z.string().min(1), until: z.iso.datetime().optional() }),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('thaw'),
    environment,
    body: z.strictObject({ reason: z.string().min(1) }),
  }),
  /** What is attested to a release's image: who built it from what, and what is in it. */
  z.strictObject({
    ...common,
    kind: z.literal('attestation'),
    release,
    body: z.strictObject({
      /** `sha256:…` of the image. */
      subject: z.string(),
      /** `attested: false` where nobody could sign; the policy says whether that is enough. */
      attested: z.boolean(),
      /** Predicate types of the signed statements, such as `https://slsa.dev/provenance/v1`. */
      predicates: z.array(z.string()),
      /** SHA-256 of the CycloneDX document. */
      sbom: sha256Hex.optional(),
      /** Why not, or where the bundles are. */
      note: z.string(),
    }),
  }),
]);
export type Fact = z.infer<typeof fact>;
export type FactKind = Fact['kind'];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;

/** A fact before the ledger gives it its place. */
export type NewFact = Fact extends infer F
  ? F extends Fact
    ? Omit<F, 'schema' | 'id' | 'previous' | 'chain'>
    : never
  : never;

export function factId(content: NewFact): string {
  return sha256(canonicalJson({ schema: factSchema, ...content }));
}

export function chainHash(previousChain: string | null, id: string): string {
  return sha256(`${previousChain ?? ''}\n${id}`);
}
