// What delivery asks of the world. `cli` and `rehearsal` give it implementations; delivery never imports one.
import type { ResourceDrift } from './drift.ts';
import type { Actor, Fact, FactOf, NewFact } from './fact.ts';
import type { Golden } from './golden.ts';
import type { Plan } from './plan.ts';
import type { PreviewResult } from './preview.ts';
import type { StateRecovery } from './recovery.ts';
import type { ReleaseIdentity, ReleaseManifest } from './release.ts';
import type { RuntimeContract } from './runtime.ts';
import type { DeployedService, FoundationOutputs, RuntimeName, Stage, Staged } from './service.ts';
import type { Cloud, Stack } from './stack.ts';
import type { Check } from './verification.ts';

/** Milliseconds since the epoch, and a wait that ends early, by throwing, when the signal is aborted. */
export interface Clock {
  now(): number;
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** A line for the person watching: what runs, on which stack. */
export type Report = (event: { readonly stack?: string; readonly message: string }) => void;

export interface Ledger {
  /** Where it is, for people: a folder and branch, or a remote. */
  readonly location: string;
  /** Every fact, oldest first; each is parsed, its id and chain checked. @throws DeliveryError `ledger-corrupt`. */
  facts(): Promise<readonly Fact[]>;
  /**
   * Appends by compare-and-swap. `decide` sees all facts and says what to add; when another writer was first it is asked again
   * with what is there now, so a rule that held when it was asked holds when it is written. A fact that is there already (same id) is not added twice.
   * @returns the facts as they stand in the ledger. @throws whatever `decide` throws; `errored` when contention never ends.
   */
  append(decide: (facts: readonly Fact[]) => readonly NewFact[]): Promise<readonly Fact[]>;
}

/** One append: files that the ledger's branch is to have, on the condition that it still ends where it was read. */
export interface LedgerCommit {
  /** The commit that the branch ended with; `undefined` where there is no branch yet. */
  readonly expected: string | undefined;
  /** A random name, unlike every other's. It must stand in the commit's message as `Append: <name>`: a writer that got no answer looks for it. */
  readonly append: string;
  readonly headline: string;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

/**
 * Puts a commit on the ledger's branch by compare-and-swap.
 * @returns the commit; `undefined` when another writer was first. @throws DeliveryError `errored` when it is not known whether it arrived,
 * or the remote was not reached; `refused` when it will never take it.
 */
export type AppendCommit = (commit: LedgerCommit) => Promise<string | undefined>;

/** One OCI registry: a vendor's, or an emulated one. All digests are `sha256:…`. */
export interface Registry {
  /** The digest under which the registry itself serves that reference; `undefined` when it has none. */
  resolve(ref: string): Promise<string | undefined>;
}

/** A release to be put on a stack. */
export interface DeploymentRequest extends Staged {
  readonly manifest: ReleaseManifest;
  /** RFC 3339. Starts new instances, which read the secrets as they are then; left out: the stack's own, which starts none. */
  readonly secretsAsOf?: string | undefined;
  /**
   * How often the release failed on this stack before. Whenever it changes new instances are started: a platform takes what it was given once
   * for what it has, failed or not. Left out: as the stack has it, where it runs that release.
   */
  readonly retry?: number | undefined;
  /** The stack's file as that release had it; left out: as this checkout has it. Whoever goes back goes back to its settings as well. */
  readonly stackFile?: string | undefined;
  /** The same of the release that stays live beside a candidate; left out: as what is staged has it. */
  readonly liveStackFile?: string | undefined;
  /** Reads every resource back from the cloud first, so that what somebody changed there is put back. */
  readonly readsBack?: boolean | undefined;
  /** Somebody meant it, where what answers requests is taken away; else that is refused before anything is touched. */
  readonly mayReplace?: boolean | undefined;
}

/**
 * What the engine said. `applied` is what `pulumi up` believes, no more; `rejected` means that the vendor refused a resource, with
 * the diagnostics. Neither says whether the service is good: a prover does.
 */
export interface DeploymentResult {
  readonly outcome: 'applied' | 'rejected';
  readonly diagnostics: readonly string[];
  /** The stack's outputs afterwards; absent when a first deployment was rejected. */
  readonly service?: DeployedService;
}

/** Pulumi, as delivery sees it. Throws DeliveryError `stack-locked`, `errored`, `cloud-unreachable`, `interrupted`, `config-invalid`, `cli-missing`. */
export interface Deployer {
  /** Brings it up. */
  foundation(cloud: Cloud, options?: RunOptions): Promise<FoundationOutputs>;
  /** What it gave when it was last brought up, read from its state alone; `undefined` where nobody has. */
  foundationOutputs(cloud: Cloud): Promise<FoundationOutputs | undefined>;
  /** What bringing it up again would change; only of one that is there. */
  previewFoundation(cloud: Cloud, options?: RunOptions): Promise<Plan>;
  deployed(stack: Stack): Promise<DeployedService | undefined>;
  /** The runtime that a stack's file of some release names; `undefined` where this checkout can't read it any more. Absent: as the checkout's. */
  runtimeIn?(stack: Stack, stackFile: string): RuntimeName | undefined;
  preview(stack: Stack, request: DeploymentRequest, options?: RunOptions): Promise<Plan>;
  /** What the cloud shows otherwise than the stack's state declares it; nothing where there is no state. Changes neither, locks nothing. */
  drift(stack: Stack, options?: RunOptions): Promise<readonly ResourceDrift[]>;
  deploy(stack: Stack, request: DeploymentRequest, options?: RunOptions): Promise<DeploymentResult>;
  destroy(stack: Stack | Cloud, options?: RunOptions): Promise<void>;
  /** Removes a lock only when its owner is provably gone. Absent where the backend's locks can't be looked at: then the next update deals with it. */
  freeLock?(stack: Stack): Promise<Leftovers>;
  /** Of a stack's state. @param request what the stack is to run; without one, only what its state names can be looked for. */
  recovery?(target: Stack | Cloud, request?: DeploymentRequest): Promise<StateRecovery>;
}
export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly report?: Report;
  /**
   * Asked by `deploy` while it holds the stack's lock, before anything is touched: what it throws ends the run, and is thrown. Who lost
   * the stack to another attempt while waiting for its turn must not undo that one.
   */
  readonly guard?: (() => Promise<void>) | undefined;
}

/** What a killed run left behind: locks in words, those of processes that are provably gone and those that may still be held. */
export interface Leftovers {
  readonly removed: readonly string[];
  readonly held: readonly string[];
}

/** What a control plane showed before a deployment: the newest operation id, say. Opaque to delivery. */
export type Baseline = unknown;

export interface ProofRequest {
  readonly service: DeployedService;
  /** What must run there. */
  readonly release: ReleaseIdentity & { readonly imageRef: string };
  readonly stage: Stage;
  readonly baseline: Baseline;
}

/** Reads one runtime's control plane until it can tell. One per runtime; what it decides from named fields is a pure function. */
export interface Prover {
  readonly runtime: RuntimeContract;
  /** Asked before `up`, so that an earlier operation is never taken for this one. */
  baseline(service: DeployedService | undefined): Promise<Baseline>;
  /** Polls as the runtime contract says; ends with `passed`, `failed`, or `errored` once the time is over. */
  prove(request: ProofRequest, options?: RunOptions): Promise<readonly Check[]>;
}

/** Requests that a stack answered in a span of time, by the vendor's own metrics. */
export interface Traffic {
  readonly requests: number;
  /** Answered 5xx, or not at all. */
  readonly errors: number;
  /** Mean time of an answer, in milliseconds; absent without requests. */
  readonly meanLatencyMs?: number;
}

/** One per runtime: what people's own requests met, read from the vendor's metrics. */
export interface TrafficReader {
  /** Seconds after which the vendor's metrics tell of a request. Until then a span looks emptier than it was. */
  readonly lateSeconds: number;
  /**
   * Times in milliseconds since the epoch. @param of whose requests: those of what is live, unless the candidate is named.
   * @throws DeliveryError `cloud-unreachable`, `errored`.
   */
  read(service: DeployedService, fromMs: number, toMs: number, of?: 'live' | 'candidate'): Promise<Traffic>;
}

/** Replays recorded inputs through the models of two releases, before anything is deployed. */
export interface PredictionPreviewer {
  /** What can't be compared (nothing to replay, another schema, an unreadable model) never stops a delivery: the reason is given back. */
  compare(running: ReleaseManifest, candidate: ReleaseManifest, options?: RunOptions): Promise<PreviewResult>;
}

/** Verifies what is attested to a release's image, against the repository and workflow that may build it. */
export interface Attestations {
  /** One check for each predicate: `provenance`, `sbom`. A repository that can't attest gives `errored` ones with the reason. */
  verify(manifest: ReleaseManifest): Promise<readonly Check[]>;
}

/** Tells people that something waits for them, or went otherwise than it should. A notice that can't be sent never stops a delivery. */
export interface Notifier {
  /** Told after facts were appended, with all of them. Never throws. */
  heard(added: readonly Fact[], facts: readonly Fact[]): Promise<void>;
}

/** Golden predictions of a release, read from its image in that cloud's registry. */
export interface Goldens {
  /** One for each of the manifest's models, in its order. */
  read(manifest: ReleaseManifest, cloud: Cloud): Promise<readonly GoldenOf[]>;
}

export interface GoldenOf {
  /** Its `modelWord`. */
  readonly model: string;
  readonly golden: Golden;
  /** An image that does not state its models serves the first alone, whatever lies beside it. Default: yes. */
  readonly isServed?: boolean;
}

/** Answers an approval asked for, or says that none is there yet. */
export interface Approver {
  /** `undefined`: nobody has decided; the caller ends with `approval-needed`. */
  decide(
    promotion: FactOf<'promotion'>,
    manifest: ReleaseManifest,
  ): Promise<{ readonly actor: Actor; readonly url?: string } | undefined>;
}

/** Verifies signatures of people's SSH keys over what they approved. */
export interface Signatures {
  /** @returns why it does not count; `undefined` when a key listed for that login made it over exactly that text. @throws DeliveryError `cli-missing`. */
  verify(question: {
    readonly text: string;
    /** Armoured, as `ssh-keygen -Y sign` writes it. */
    readonly signature: string;
    readonly login: string;
    readonly keys: readonly { readonly login: string; readonly key: string }[];
  }): Promise<string | undefined>;
}
