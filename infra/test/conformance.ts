// What every runtime must satisfy, in the words of the contracts: the real component and prover, on the real engine, over the emulated cloud.
// Runtimes differ only by the fields of their runtime contract; each one's test file is a call of this.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeploymentRequest } from '../contract/ports.ts';
import { copyFor, identityOf } from '../contract/release.ts';
import type { RuntimeContract } from '../contract/runtime.ts';
import type { DeployedService, RuntimeName, Stage } from '../contract/service.ts';
import type { Stack } from '../contract/stack.ts';
import type { Check } from '../contract/verification.ts';
import {
  better,
  digestOfDigit,
  type EmulatedClouds,
  emulatedClouds,
  good,
  neverReady,
  notYetReady,
  release,
  repositories,
  stackOf,
} from './clouds/emulated-clouds.ts';
import { installationMilliseconds } from './pulumi/tiny-deployer.ts';

const stacks = fileURLToPath(new URL('../../stacks/', import.meta.url));

export function describeConformance(contract: RuntimeContract): void {
  const { cloud, name } = contract;
  const dev = stackOf(cloud, 'dev');
  const prod = stackOf(cloud, 'prod');
  let clouds: EmulatedClouds;
  let files: Readonly<Record<string, string>> = {};

  beforeAll(async () => {
    files = await stackFilesOf(contract);
    clouds = await emulatedClouds(files);
    await clouds.deployer.foundation(cloud);
  }, installationMilliseconds);
  afterAll(() => clouds?.stop());

  /** In prod each release has settings of its own. */
  const settingsOf = ({ name, environment }: Stack, digit: number): string | undefined =>
    environment === 'prod'
      ? files[name]?.replace('trireme:env: {}', `trireme:env: { MADE_FOR: "${digit}" }`)
      : undefined;
  const deploy = async (
    stack: Stack,
    digit: number,
    stage: Stage = 'live',
    more: Pick<DeploymentRequest, 'sharePercent' | 'retry'> = {},
  ) => {
    const before = await clouds.deployer.deployed(stack);
    const baseline = await clouds.provers[name].baseline(before);
    const live = [good, better].find((one) => identityOf(release(one)).releaseId === before?.release.releaseId);
    const liveStackFile = live === undefined || stage === 'live' ? undefined : settingsOf(stack, live);
    const own = { stackFile: settingsOf(stack, digit), liveStackFile };
    const result = await clouds.deployer.deploy(stack, { manifest: release(digit), stage, ...more, ...own });
    return { result, baseline };
  };
  const prove = async (service: DeployedService, digit: number, baseline: unknown, stage: Stage = 'live') => {
    const manifest = release(digit);
    const expected = { ...identityOf(manifest), imageRef: copyFor(manifest, cloud) };
    const checks = await clouds.provers[name].prove({ service, release: expected, stage, baseline });
    expect(checks).toHaveLength(1);
    return checks[0] as Check;
  };
  /** What the prover found is part of what a failure says. */
  const expectProof = async (outcome: Check['outcome'], ...asked: Parameters<typeof prove>) => {
    const check = await prove(...asked);
    expect({ outcome: check.outcome, name: check.name }, check.found).toEqual({ outcome, name: 'control-plane' });
  };
  const deployedIn = async (stack: Stack) => {
    const service = await clouds.deployer.deployed(stack);
    if (service === undefined) throw new Error(`${stack.name} has no outputs`);
    return service;
  };

  describe(`${contract.product}: a service in dev`, () => {
    it('is previewed with every name known, the image by digest among them', async () => {
      const plan = await clouds.deployer.preview(dev, { manifest: release(good), stage: 'live' });
      expect(plan.changes.length).toBeGreaterThan(2);
      expect(new Set(plan.changes.map((change) => change.operation))).toEqual(new Set(['create']));
    });

    it('is deployed and proven, and its outputs say what runs', async () => {
      const { result, baseline } = await deploy(dev, good);
      expect(result).toMatchObject({ outcome: 'applied' });
      const service = await deployedIn(dev);
      expect(service.release).toEqual({
        ...identityOf(release(good)),
        imageRef: `${repositories[cloud]}@${digestOfDigit(good)}`,
      });
      expect(service.candidateEndpoint).toBeUndefined();
      await expectProof('passed', service, good, baseline);
    });

    it('gives the container who it is, the port, and nothing that is the platform’s to set', async () => {
      const { endpoint } = await deployedIn(dev);
      const environment = (await (await fetch(`${endpoint}/environment`)).json()) as Record<string, string>;
      expect(environment).toMatchObject({
        RELEASE_ID: identityOf(release(good)).releaseId,
        IMAGE_DIGEST: digestOfDigit(good),
      });
      expect(Object.keys(environment).filter((key) => /^WEBSITES_/.test(key))).not.toContain('WEBSITES_PORT');
    });

    it('changes nothing when the same release is deployed again, and that is proven too', async () => {
      const plan = await clouds.deployer.preview(dev, { manifest: release(good), stage: 'live' });
      expect(plan.changes).toEqual([]);
      const { result, baseline } = await deploy(dev, good);
      expect(result.outcome).toBe('applied');
      await expectProof('passed', await deployedIn(dev), good, baseline);
    });

    it('shows no drift where nobody did anything', async () => {
      expect(await clouds.deployer.drift(dev)).toEqual([]);
    });

    it('plans only the service when the release changes, and takes it', async () => {
      const plan = await clouds.deployer.preview(dev, { manifest: release(better), stage: 'live' });
      expect(plan.changes.map((change) => change.operation)).toEqual(['update']);
      const { baseline } = await deploy(dev, better);
      const service = await deployedIn(dev);
      await expectProof('passed', service, better, baseline);
      await expectProof('failed', service, good, baseline);
    });

    it('is called failed, with the reason, when the new release never becomes ready', async () => {
      const before = await deployedIn(dev);
      const { result, baseline } = await deploy(dev, neverReady);
      // A silent roll-back and an accepted dead image both look like success to the engine.
      expect(result.outcome).toBe(contract.failedUpdate.value === 'failed-revision' ? 'rejected' : 'applied');
      const check = await prove(before, neverReady, baseline);
      expect(check).toMatchObject({ outcome: 'failed' });
      expect(check.found).toMatch(reasonFor(contract));

      const answer = await fetch(`${before.endpoint}/version`);
      if (contract.failedUpdate.value === 'accepted-and-dead') expect(answer.status).toBe(503);
      else expect(await answer.json()).toMatchObject({ releaseId: identityOf(release(better)).releaseId });
    });

    it('takes the release before it again, and that is proven', async () => {
      const { result, baseline } = await deploy(dev, better);
      expect(result.outcome).toBe('applied');
      const service = await deployedIn(dev);
      expect(service.release.releaseId).toBe(identityOf(release(better)).releaseId);
      await expectProof('passed', service, better, baseline);
    });

    // The others roll back or start anew by themselves; here the revision that failed is there, and stays as it is.
    if (contract.failedUpdate.value === 'failed-revision') {
      it('takes a release that failed there as another deployment, and then leaves it as it is', async () => {
        const before = await deployedIn(dev);
        const first = await deploy(dev, notYetReady);
        await expectProof('failed', before, notYetReady, first.baseline);
        await clouds.mend();
        // What was wrong is mended, and the same revision is failed all the same.
        const same = await deploy(dev, notYetReady);
        expect(same.result.outcome).toBe('rejected');
        await expectProof('failed', before, notYetReady, same.baseline);
        const { result, baseline } = await deploy(dev, notYetReady, 'live', { retry: 1 });
        expect(result.outcome).toBe('applied');
        const service = await deployedIn(dev);
        expect(service.retry).toBe(1);
        await expectProof('passed', service, notYetReady, baseline);
        const again = await clouds.deployer.preview(dev, { manifest: release(notYetReady), stage: 'live' });
        expect(again.changes).toEqual([]);
      });
    }

    it('is destroyed without remains', async () => {
      await clouds.deployer.destroy(dev);
      expect(await clouds.deployer.deployed(dev)).toBeUndefined();
    });

    it('fails in the platform’s own way when its very first release is bad, and takes a good one after it', async () => {
      const { result, baseline } = await deploy(dev, neverReady);
      expect(result.outcome).toBe(contract.failedCreate.value === 'site-answers-503' ? 'applied' : 'rejected');
      if (result.service !== undefined) {
        await expectProof('failed', result.service, neverReady, baseline);
      }
      // A service that could not be created is in nobody's way but its own: https://github.com/aws/apprunner-roadmap/issues/95
      if (contract.failedCreate.value === 'service-failed') {
        expect((await deploy(dev, good)).result).toMatchObject({ outcome: 'rejected' });
        await clouds.deployer.destroy(dev);
      }
      const again = await deploy(dev, good);
      expect(again.result).toMatchObject({ outcome: 'applied' });
      await expectProof('passed', await deployedIn(dev), good, again.baseline);
    });
  });

  describe(`${contract.product}: a service in prod`, () => {
    const places = contract.candidate.value !== 'none';
    const idOf = (digit: number) => identityOf(release(digit)).releaseId;
    const told = async (endpoint: string) =>
      ((await (await fetch(`${endpoint}/version`)).json()) as { releaseId: string }).releaseId;
    const madeFor = async (endpoint: string | undefined) =>
      ((await (await fetch(`${endpoint}/environment`)).json()) as { MADE_FOR?: string }).MADE_FOR;

    it('starts with its first release, in two instances, and is protected', async () => {
      const { baseline } = await deploy(prod, good, places ? 'candidate' : 'live');
      const service = await deployedIn(prod);
      expect(service.release.releaseId).toBe(idOf(good));
      await expectProof('passed', service, good, baseline);
      await expect(clouds.deployer.destroy(prod)).rejects.toMatchObject({ code: 'refused' });
    });

    if (!places) return;

    it('changes nothing when the same release is deployed again, at whatever stage', async () => {
      for (const stage of ['candidate', 'live'] as const) {
        const request = { manifest: release(good), stage, stackFile: settingsOf(prod, good) };
        expect((await clouds.deployer.preview(prod, request)).changes).toEqual([]);
      }
    });

    it('proves a candidate in its place while the live release has all requests and its own settings', async () => {
      const stackFile = settingsOf(prod, better);
      const liveStackFile = settingsOf(prod, good);
      const request = { manifest: release(better), stage: 'candidate', stackFile, liveStackFile } as const;
      // The slot, or the service that gets another revision; never the site.
      const { changes } = await clouds.deployer.preview(prod, request);
      expect(changes.map(({ operation }) => operation)).toEqual(['update']);
      const { baseline } = await deploy(prod, better, 'candidate');
      const service = await deployedIn(prod);
      expect(service.release.releaseId).toBe(idOf(good));
      expect(service.candidateEndpoint).not.toBe(service.endpoint);
      await expectProof('passed', service, better, baseline, 'candidate');
      await expectProof('passed', service, good, baseline, 'live');
      // Once proven: a platform that answers at once starts its containers later.
      expect(await madeFor(service.endpoint)).toBe(String(good));
      expect(await madeFor(service.candidateEndpoint)).toBe(String(better));
      expect(await told(service.candidateEndpoint ?? '')).toBe(idOf(better));
      const answers = await Promise.all(Array.from({ length: 40 }, () => told(service.endpoint)));
      expect(new Set(answers)).toEqual(new Set([idOf(good)]));
      expect(await clouds.deployer.drift(prod)).toEqual([]);
    });

    if (contract.share.value) {
      it('gives the candidate its share of the requests, and not more', async () => {
        const { baseline } = await deploy(prod, better, 'share', { sharePercent: 30 });
        const service = await deployedIn(prod);
        expect(service).toMatchObject({ sharePercent: 30, release: { releaseId: idOf(good) } });
        await expectProof('passed', service, better, baseline, 'share');
        await expectProof('failed', service, better, baseline, 'candidate');
        await expectProof('failed', service, good, baseline, 'live');
        await expectProof('failed', { ...service, sharePercent: 20 }, better, baseline, 'share');
        const answers = await Promise.all(Array.from({ length: 300 }, () => told(service.endpoint)));
        const share = answers.filter((one) => one === idOf(better)).length;
        // Six standard deviations of a binomial of 300 at 30 %.
        expect(Math.abs(share - 90)).toBeLessThan(6 * Math.sqrt(300 * 0.3 * 0.7));
        expect(await clouds.deployer.drift(prod)).toEqual([]);
      });

      it('takes the share back at once, and the live release was never replaced', async () => {
        const before = await deployedIn(prod);
        const { baseline } = await deploy(prod, better, 'candidate');
        const service = await deployedIn(prod);
        expect(service.sharePercent).toBeUndefined();
        expect(service.revision).toBe(before.revision);
        await expectProof('passed', service, good, baseline, 'live');
        const answers = await Promise.all(Array.from({ length: 40 }, () => told(service.endpoint)));
        expect(new Set(answers)).toEqual(new Set([idOf(good)]));
      });
    }

    it('makes the candidate live, with all requests and nothing beside it', async () => {
      if (contract.share.value) await deploy(prod, better, 'share', { sharePercent: 30 });
      const live = await deploy(prod, better, 'live');
      const after = await deployedIn(prod);
      expect(after.release.releaseId).toBe(idOf(better));
      expect(after.sharePercent).toBeUndefined();
      await expectProof('passed', after, better, live.baseline, 'live');
      const answers = await Promise.all(Array.from({ length: 40 }, () => told(after.endpoint)));
      expect(new Set(answers)).toEqual(new Set([idOf(better)]));
      expect(await madeFor(after.endpoint)).toBe(String(better));
      const again = { manifest: release(better), stage: 'live', stackFile: settingsOf(prod, better) } as const;
      expect((await clouds.deployer.preview(prod, again)).changes).toEqual([]);
      expect(await clouds.deployer.drift(prod)).toEqual([]);
    });

    it('keeps the live release when a candidate dies in its place', async () => {
      const before = await deployedIn(prod);
      const { result, baseline } = await deploy(prod, neverReady, 'candidate');
      // Where the outputs of a refused update are not written, nothing is there to be proven.
      const service = await deployedIn(prod);
      expect(result.outcome).toBe(contract.failedUpdate.value === 'failed-revision' ? 'rejected' : 'applied');
      if (result.outcome === 'applied') await expectProof('failed', service, neverReady, baseline, 'candidate');
      await expectProof('passed', before, better, baseline, 'live');
      expect(service.release.releaseId).toBe(idOf(better));
      expect(await told(service.endpoint)).toBe(idOf(better));
      expect(await madeFor(service.endpoint)).toBe(String(better));
    });

    it('takes the next candidate after one that died, and the release before it again', async () => {
      const { baseline } = await deploy(prod, good, 'candidate');
      await expectProof('passed', await deployedIn(prod), good, baseline, 'candidate');
      const back = await deploy(prod, good, 'live');
      expect(back.result.outcome).toBe('applied');
      await expectProof('passed', await deployedIn(prod), good, back.baseline, 'live');
    });
  });
}

/** By what the platform does, never by whose it is. */
function reasonFor({ failedUpdate }: RuntimeContract): RegExp {
  return {
    'silent-rollback':
      /^rolled back: (operation \S+ UPDATE_SERVICE ROLLBACK_SUCCEEDED, still runs .*@sha256:2{64}|deployment \S+ ROLLBACK_\w+: .+)/,
    'failed-revision': /failed: .*startup probe.*; trireme-dev-\S+ still serves/,
    'accepted-and-dead': /answers 503; log: .*(did not start within expected time limit|didn't respond to HTTP pings)/,
  }[failedUpdate.value];
}

/** What `docs/real-clouds.md` tells a person to do who takes the cloud's other runtime: name it. */
function onRuntime(name: RuntimeName, stackFile: string): string {
  const [, shipped] = /^ {2}trireme:runtime: (.*)$/m.exec(stackFile) ?? [];
  if (shipped === undefined || shipped === name) return stackFile;
  return stackFile.replace(`trireme:runtime: ${shipped}`, `trireme:runtime: ${name}`);
}

/** As shipped, with this runtime where a cloud has two. */
async function stackFilesOf({ cloud, name }: RuntimeContract): Promise<Record<string, string>> {
  const files = (await readdir(stacks)).filter((file) => file.startsWith(`Pulumi.${cloud}-`));
  const texts = files.map(async (file) => [
    file.slice('Pulumi.'.length, -'.yaml'.length),
    onRuntime(name, await readFile(join(stacks, file), 'utf8')),
  ]);
  return Object.fromEntries(await Promise.all(texts));
}
