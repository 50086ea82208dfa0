// Verification of one stack: the control plane first, then the endpoint itself; only both together count.
import type { Baseline } from '../contract/ports.ts';
import { copyFor, identityOf, modelWord, type ReleaseManifest } from '../contract/release.ts';
import type { DeployedService, Stage } from '../contract/service.ts';
import { type Check, outcomeOf } from '../contract/verification.ts';
import { type Delivery, type PredictionRows, proverFor, type Target } from './delivery.ts';
import {
  type Asking,
  checkGoldenPredictions,
  checkIdentity,
  checkReadiness,
  type GoldenAnswer,
} from './http-checks.ts';

export interface VerificationRequest {
  readonly target: Target;
  readonly service: DeployedService;
  /** What must run there. */
  readonly manifest: ReleaseManifest;
  readonly stage: Stage;
  readonly baseline: Baseline;
  readonly signal?: AbortSignal | undefined;
}

export interface Verified {
  readonly checks: readonly Check[];
  readonly predictions?: PredictionRows;
}

/**
 * The endpoint is not asked when the control plane already failed, nor for predictions when it is another build or not ready:
 * those would only repeat the first fault.
 */
export async function verifyService(delivery: Delivery, request: VerificationRequest): Promise<Verified> {
  const { target, manifest, service, stage, baseline, signal } = request;
  const release = { ...identityOf(manifest), imageRef: copyFor(manifest, target.stack.cloud) };
  const prover = proverFor(delivery, target);
  const options = { report: delivery.report, ...(signal === undefined ? {} : { signal }) };
  const controlPlane = await prover.prove({ service, release, stage, baseline }, options);
  if (outcomeOf(controlPlane) === 'failed') return { checks: controlPlane };
  // Its address was asked everything a moment ago, before anybody else asked it.
  if (stage === 'share') return { checks: controlPlane };

  const endpoint = stage === 'candidate' ? service.candidateEndpoint : service.endpoint;
  if (endpoint === undefined) return { checks: [...controlPlane, noCandidateEndpoint(target)] };
  const asking = askingOf(delivery, target, signal);
  const identity = await checkIdentity(asking, endpoint, release);
  if (identity.outcome !== 'passed') return { checks: [...controlPlane, identity] };
  const readiness = await checkReadiness(asking, endpoint);
  if (readiness.outcome !== 'passed') return { checks: [...controlPlane, identity, readiness] };

  const goldens = await delivery.goldens.read(manifest, target.stack.cloud);
  const answers: GoldenAnswer[] = [];
  for (const [index, model] of manifest.models.entries()) {
    const found = goldens.find((one) => one.model === modelWord(model));
    if (found?.isServed === false) continue;
    const answer =
      found === undefined
        ? { check: noGoldens(manifest) }
        : await checkGoldenPredictions(asking, endpoint, model, found.golden, index === 0);
    answers.push(answer);
    if (answer.check.outcome !== 'passed') break;
  }
  const checks = [...controlPlane, identity, readiness, ...answers.map(({ check }) => check)];
  // Clouds are compared by what the first model answers there.
  const predictions = answers[0]?.predictions;
  return predictions === undefined ? { checks } : { checks, predictions };
}

/** An endpoint is asked as often and as long as its runtime's control plane. */
function askingOf(delivery: Delivery, target: Target, signal: AbortSignal | undefined): Asking {
  const poll = proverFor(delivery, target).runtime.poll.value;
  return {
    fetch: delivery.fetch,
    clock: delivery.clock,
    everyMs: Math.max(50, (poll.everySeconds * 1000) / delivery.timeScale),
    forMs: (poll.forSeconds * 1000) / delivery.timeScale,
    signal,
  };
}

function noCandidateEndpoint(target: Target): Check {
  return {
    name: 'identity',
    outcome: 'errored',
    expected: 'the endpoint of the candidate',
    found: 'none in the outputs',
    seconds: 0,
    source: `outputs of ${target.stack.name}`,
  };
}

function noGoldens(manifest: ReleaseManifest): Check {
  return {
    name: 'golden-predictions',
    outcome: 'errored',
    expected: 'golden predictions in the image',
    found: 'none',
    seconds: 0,
    source: `${manifest.image.name}@${manifest.image.digest}`,
  };
}
