// The road of a live check: deploys a throw-away service, proves it, asks it, breaks it, watches what the vendor does, rolls back, destroys.
import { DeliveryError } from '../../contract/errors.ts';
import type { LogReader } from '../../contract/logs.ts';
import type { Clock, Deployer, Prover, Report } from '../../contract/ports.ts';
import { copyFor, identityOf, type ReleaseManifest } from '../../contract/release.ts';
import type { DeployedService } from '../../contract/service.ts';
import type { Cloud, Environment, Stack, StackName } from '../../contract/stack.ts';
import { type Check, outcomeOf, reasonOf } from '../../contract/verification.ts';
import type { Evidence } from './questions.ts';
import type { Transcript } from './transcript.ts';

export interface LiveCheck {
  readonly stack: Stack;
  readonly deployer: Deployer;
  readonly prover: Prover;
  readonly logs: LogReader;
  readonly manifest: ReleaseManifest;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly transcript: Transcript;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Publishes an image that never becomes ready. @returns its digest. */
  publishBroken(): Promise<string>;
  /** Forgets the empty stack. */
  forget(): Promise<void>;
}

export interface CheckEnd {
  readonly evidence: Evidence;
  /** Every stage that went otherwise than it should, in words. */
  readonly faults: readonly string[];
  /** What could not be destroyed, in words; absent: nothing is left of the service. */
  readonly left?: string;
}

/** A name that no real stack has: an environment of its own, so that everything in the account is called by it. */
export function throwawayStack(cloud: Cloud, suffix: string): Stack {
  const environment = `check-${suffix}` as Environment;
  return { name: `${cloud}-${environment}` as StackName, cloud, environment };
}

/** Never throws before it has destroyed what it made. @throws DeliveryError `interrupted`. */
export async function runLiveCheck(check: LiveCheck): Promise<CheckEnd> {
  const { transcript, manifest, report, stack, signal } = check;
  const faults: string[] = [];
  const seen: { probes: Record<string, string>; logs: Evidence['logs']; broken: string } = {
    probes: {},
    logs: [],
    broken: '',
  };
  let left: string | undefined;
  const began = check.clock.now();
  const stage = async (name: string, work: () => Promise<void>): Promise<boolean> => {
    if (signal.aborted) return false;
    transcript.stage = name;
    report({ stack: stack.name, message: name });
    try {
      await work();
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      transcript.note(`failed: ${why}`);
      faults.push(`${name}: ${why}`);
      return false;
    }
  };
  const logsNow = async (service: DeployedService) => {
    seen.logs = await check.logs.read(service, { fromMs: began, toMs: check.clock.now() }).catch(() => seen.logs);
  };
  try {
    let service: DeployedService | undefined;
    const up = await stage('deploy', async () => {
      service = await deployAndProve(check, manifest, 'passed');
    });
    if (up && service !== undefined) {
      const { endpoint } = service;
      await stage('ask', async () => void Object.assign(seen.probes, await probe(check, endpoint)));
      const broken = await stage('break', async () => {
        seen.broken = await check.publishBroken();
        transcript.note(`broken image: ${seen.broken}`);
        await deployAndProve(check, withImage(manifest, seen.broken), 'failed');
      });
      if (broken) await logsNow(service);
      const deployed = service;
      await stage('roll back', async () => void (await deployAndProve(check, manifest, 'passed')));
      await stage('logs', () => logsNow(deployed));
    }
  } finally {
    transcript.stage = 'destroy';
    // What the cloud made and nobody recorded would outlive the check.
    if (faults.length > 0 || signal.aborted) await takeIn(check);
    left = await destroyAll(check);
  }
  if (signal.aborted) {
    throw new DeliveryError('interrupted', left ?? `interrupted; ${stack.name} was destroyed`, {
      hint:
        left === undefined
          ? undefined
          : `npx trireme live-check ${stack.cloud} --destroy ${stack.environment.slice('check-'.length)}`,
    });
  }
  const evidence = { entries: transcript.entries, good: manifest.image.digest, ...seen };
  return { evidence, faults, ...(left === undefined ? {} : { left }) };
}

/** Without the signal: what was made is taken away whoever asked to stop. Tried twice, because a vendor may still be at it. */
export async function destroyAll({
  stack,
  deployer,
  report,
  transcript,
  forget,
}: Pick<LiveCheck, 'stack' | 'deployer' | 'report' | 'transcript' | 'forget'>): Promise<string | undefined> {
  report({ stack: stack.name, message: 'destroy' });
  let last = '';
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await deployer.destroy(stack, { report });
      await forget();
      return undefined;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      transcript.note(`not destroyed: ${last}`);
    }
  }
  return `not everything of ${stack.name} could be destroyed: ${last}`;
}

async function takeIn({ deployer, stack, manifest, report, transcript }: LiveCheck): Promise<void> {
  try {
    const recovery = await deployer.recovery?.(stack, { manifest, stage: 'live' });
    const findings = await recovery?.look({ report });
    if (recovery === undefined || findings === undefined) return;
    for (const { name, type } of findings.unnamed) transcript.note(`may be left, look for it: ${name} (${type})`);
    if (findings.orphans.length === 0) return;
    await recovery.repair(findings, { report, gone: true });
    // Some settings are the provider's alone, as that a service may be deleted: only an update records those.
    await deployer.deploy(stack, { manifest, stage: 'live' }, { report });
  } catch (error) {
    transcript.note(`not looked for: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function deployAndProve(
  { deployer, prover, stack, signal, report, transcript }: LiveCheck,
  manifest: ReleaseManifest,
  expected: 'passed' | 'failed',
): Promise<DeployedService> {
  const run = { signal, report };
  const before = await deployer.deployed(stack);
  const baseline = await prover.baseline(before);
  const { outcome, diagnostics, service } = await deployer.deploy(stack, { manifest, stage: 'live' }, run);
  transcript.note(`the engine says ${outcome}${diagnostics.length === 0 ? '' : `: ${diagnostics.join('; ')}`}`);
  if (service === undefined) throw new Error(`expected a service; found ${diagnostics.join('; ') || 'no outputs'}`);
  const release = { ...identityOf(manifest), imageRef: copyFor(manifest, stack.cloud) };
  const checks: readonly Check[] = await prover.prove({ service, release, stage: 'live', baseline }, run);
  const found = outcomeOf(checks);
  transcript.note(`the prover says ${found}: ${found === 'passed' ? release.imageRef : reasonOf(checks)}`);
  // An image that never becomes ready must not pass; where the vendor itself says so late, "could not tell" is no pass either.
  const fits = expected === 'passed' ? found === 'passed' : found !== 'passed';
  if (!fits) throw new Error(`expected ${expected}; found ${found}: ${reasonOf(checks)}`);
  return service;
}

/** Asked from outside, as anybody would. */
async function probe({ fetch, signal }: LiveCheck, endpoint: string): Promise<Record<string, string>> {
  const base = endpoint.replace(/\/$/, '');
  const said = async (path: string, init: RequestInit = {}): Promise<string> => {
    try {
      const answer = await fetch(`${base}${path}`, {
        ...init,
        signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
      });
      const own = (await answer.text()).includes('"code"') || answer.ok;
      return `${answer.status} by ${own ? 'the service' : 'the platform'}`;
    } catch (error) {
      return `no answer (${error instanceof Error ? error.message : String(error)})`;
    }
  };
  const found: Record<string, string> = {
    version: await said('/version'),
    healthz: await said('/healthz'),
    nobody: await said('/live-check-nobody'),
  };
  for (const mebibytes of [1, 7, 33]) {
    const body = `{"pad":"${'x'.repeat(mebibytes * 1024 * 1024)}"}`;
    const headers = { 'content-type': 'application/json' };
    found[`body-${mebibytes}`] = await said('/predict', { method: 'POST', headers, body });
  }
  return found;
}

/** @returns the manifest as it would be, had the release that image. */
function withImage(manifest: ReleaseManifest, digest: string): ReleaseManifest {
  const copies = manifest.image.copies.map(({ cloud, ref }) => ({ cloud, ref: `${ref.split('@')[0]}@${digest}` }));
  return { ...manifest, image: { ...manifest.image, digest, copies } };
}
