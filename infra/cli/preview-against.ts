// What this checkout would change beside another commit, without any cloud: that commit's own program and stack files bring emulated clouds
// up, as plain Pulumi would, and this checkout's are previewed on them, policy pack included.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../contract/clock.ts';
import { DeliveryError } from '../contract/errors.ts';
import type { Deployer, Report } from '../contract/ports.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import { foundationOf } from '../contract/stack.ts';
import { settleAll } from '../delivery/settle.ts';
import { git, runGit } from '../ledger/git-command.ts';
import { plainPulumiEnvironment } from '../pulumi/workspace.ts';
import { linkPackages } from '../rehearsal/link-packages.ts';
import { openDeployer } from './deployer.ts';
import { defaultTimeScale } from './emulated-clouds.ts';
import { type CliEnvironment, readEnvironment, type Variables } from './environment.ts';
import { cloudsOf } from './foundations.ts';
import { findInstallation, openWorkspace } from './plain-pulumi.ts';
import type { Comparison, StackComparison } from './preview-comparison.ts';
import { buildImage, ensureModels, manifestPath, publishRelease, readSourceFacts } from './release-steps.ts';
import { judgeStackFiles, readStackFiles, type StackFiles, stackFileTexts } from './stack-files.ts';
import { wireDelivery } from './wiring.ts';

interface Watched {
  readonly environment: CliEnvironment;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** @param ref a commit, branch or tag of this clone. @throws DeliveryError `usage` for one that is not there; `failed` where that commit can't be brought up. */
export async function previewAgainst(watched: Watched, ref: string): Promise<Comparison> {
  const { environment, report } = watched;
  const own = await readStackFiles(join(environment.checkout, 'stacks'));
  const commit = await commitOf(environment.checkout, ref);
  const folder = await mkdtemp(join(tmpdir(), 'trireme-preview-'));
  const base = join(folder, 'base');
  const worktree = ['-C', environment.checkout, 'worktree'];
  const { startClouds } = await import('../rehearsal/clouds.ts');
  try {
    await git([...worktree, 'add', '--detach', '--quiet', base, commit]);
    await linkPackages(environment.checkout, base);
    report({ message: `bringing up what ${commit.slice(0, 12)} declares, on emulated clouds` });
    const clouds = await startClouds({
      project: environment.checkout,
      directory: join(base, '.trireme', 'emulator'),
      timeScale: defaultTimeScale,
      stay: false,
      variables: environment.shell,
    });
    try {
      const there = await readEnvironment(() => {}, nobody(environment.shell), base);
      const files = await believedFiles(join(base, 'stacks'));
      const manifest = await bringUp({ ...watched, environment: there }, files);
      report({ message: 'previewing this checkout on it' });
      const deployer = await openDeployer({ ...there, checkout: environment.checkout }, systemClock, report);
      return { commit, stacks: await compare(watched, deployer, manifest, files, own) };
    } finally {
      await clouds.stop();
    }
  } finally {
    await runGit([...worktree, 'remove', '--force', base]);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** No run of GitHub Actions, no ledger and no token has a part in it. */
function nobody({ PATH, HOME, TMPDIR, TRIREME_PULUMI, XDG_CACHE_HOME }: Variables): Variables {
  return { PATH, HOME, TMPDIR, TRIREME_PULUMI, XDG_CACHE_HOME, TRIREME_ACTOR: 'preview' };
}

async function commitOf(checkout: string, ref: string): Promise<string> {
  const found = await runGit([
    '-C',
    checkout,
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${ref}^{commit}`,
  ]);
  if (found.code === 0) return found.stdout.toString().trim();
  throw new DeliveryError('usage', `expected --against with a commit of this clone; found \`${ref}\``, {
    hint: 'fetch it first: git fetch origin main; then: npx trireme preview --against origin/main',
  });
}

/** What this program can't read of the other commit's files is as if it were not there: then everything about that stack is new. */
async function believedFiles(folder: string): Promise<StackFiles> {
  const texts = await stackFileTexts(folder);
  const { stacks } = judgeStackFiles(texts);
  const foundations = cloudsOf(stacks).filter((cloud) => texts[foundationOf(cloud)] !== undefined);
  return { stacks: stacks.filter(({ stack }) => foundations.includes(stack.cloud)), foundations, texts };
}

/** With the commit's own program, so that what changed there shows as well. */
async function bringUp(watched: Watched, files: StackFiles): Promise<ReleaseManifest> {
  const { environment, report, signal } = watched;
  const pulumi = await plainPulumi(watched);
  const up = async (stack: string, variables: Variables = {}): Promise<void> => {
    await pulumi(['stack', 'select', '--create', stack]);
    await pulumi(['up', '--yes', '--skip-preview', '--stack', stack], variables);
  };
  const delivery = await wireDelivery(environment, files, report);
  const bench = { environment, report, signal };
  const source = await readSourceFacts(bench, delivery);
  const build = await buildImage(bench, source, await ensureModels(bench));
  report({ message: `bringing up ${files.foundations.map(foundationOf).join(', ')}` });
  await settleAll(files.foundations.map((cloud) => up(foundationOf(cloud))));
  const repositories = await Promise.all(
    files.foundations.map(async (cloud) => {
      const repository = (await delivery.deployer.foundationOutputs(cloud))?.repository ?? '';
      return { cloud, repository };
    }),
  );
  const manifest = await publishRelease(bench, delivery, files, build, repositories);
  const released = { TRIREME_RELEASE: manifestPath(environment.stateDirectory, releaseIdOf(manifest)) };
  report({ message: `bringing up ${files.stacks.map(({ stack }) => stack.name).join(', ')}` });
  await settleAll(files.stacks.map(({ stack }) => up(stack.name, released)));
  return manifest;
}

const longestMs = 5 * 60_000;

async function plainPulumi({ environment, report, signal }: Watched) {
  const [{ binDirectory }, workspace] = await Promise.all([
    findInstallation(environment, report, signal),
    openWorkspace(environment, true),
  ]);
  const { PATH = '' } = environment.shell;
  const env = { ...environment.variables, ...plainPulumiEnvironment(workspace), PATH: `${binDirectory}:${PATH}` };
  return (words: readonly string[], more: Variables = {}): Promise<void> =>
    new Promise((resolve, reject) => {
      const options = {
        cwd: workspace.directory,
        env: { ...env, ...more },
        signal,
        timeout: longestMs,
        maxBuffer: 1 << 26,
      };
      execFile('pulumi', [...words, '--non-interactive'], options, (error, stdout, stderr) => {
        if (error === null) return resolve();
        if (signal.aborted) return reject(new DeliveryError('interrupted', 'interrupted', { cause: error }));
        const said = `${stdout}${stderr}`.trim().split('\n').slice(-12).join('\n');
        reject(new DeliveryError('failed', `the other commit: \`pulumi ${words.join(' ')}\` failed:\n${said}`));
      });
    });
}

async function compare(
  { signal }: Watched,
  deployer: Deployer,
  manifest: ReleaseManifest,
  before: StackFiles,
  now: StackFiles,
): Promise<readonly StackComparison[]> {
  const options = { signal };
  const isThere = (cloud: string) => before.foundations.some((one) => one === cloud);
  const newCloud = 'a cloud that the other commit does not have: nothing to compare with';
  const foundations = now.foundations.map((cloud) =>
    isThere(cloud)
      ? compared(foundationOf(cloud), () => deployer.previewFoundation(cloud, options))
      : { stack: foundationOf(cloud), note: newCloud },
  );
  const services = now.stacks.map(({ stack }) =>
    isThere(stack.cloud)
      ? compared(stack.name, () => deployer.preview(stack, { manifest, stage: 'live' }, options))
      : { stack: stack.name, note: newCloud },
  );
  const gone = before.stacks
    .filter(({ stack }) => now.texts[stack.name] === undefined)
    .map(({ stack }) => ({
      stack: stack.name,
      note: `its file is gone, which takes nothing down: npx trireme destroy --stack ${stack.name}, before it is merged`,
    }));
  const isOther = now.texts.github !== before.texts.github;
  const github = isOther
    ? [{ stack: 'github', note: "its file differs; the repository's settings are not emulated here" }]
    : [];
  return [...(await settleAll([...foundations, ...services].map(async (one) => one))), ...gone, ...github];
}

/** What can't be shown, or what a rule refuses, is told of that stack; the others are shown. */
async function compared(stack: string, preview: () => ReturnType<Deployer['preview']>): Promise<StackComparison> {
  try {
    return { stack, plan: await preview() };
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
    return { stack, note: error.message, refused: error.code === 'refused' };
  }
}
