// A release and the run that built it, for tests of what is attested.
import { parseReleaseManifest, type ReleaseManifest, releaseSchema } from '../../contract/release.ts';
import type { SigningRun } from '../../emulator/github/sigstore.ts';

export const commit = 'c'.repeat(40);
export const digest = `sha256:${'d'.repeat(64)}`;

export const manifest: ReleaseManifest = parseReleaseManifest({
  schema: releaseSchema,
  sequence: 7,
  source: { repository: 'github.com/team/wine', commit, dirty: false, authors: ['Dana <dana@example.test>'] },
  image: {
    name: 'trireme',
    digest,
    builder: 'dockerfile',
    builderVersion: 'podman version 5.4.0',
    platform: 'linux/amd64',
    size: 1000,
    copies: [{ cloud: 'gcp', ref: `gcp.test/trireme@${digest}` }],
  },
  build: { buildId: 'bld-0123456789ab', node: '24.21.0', lockfile: `sha256:${'e'.repeat(64)}` },
  models: [{ name: 'wine', digest: `sha256:${'f'.repeat(64)}` }],
  infra: { program: `sha256:${'1'.repeat(64)}`, stackConfigs: {} },
});

export const goodRun: SigningRun = {
  repository: 'team/wine',
  commit,
  workflow: '.github/workflows/release.yml',
  ref: 'refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
  runner: 'github-hosted',
  run: 'https://github.com/team/wine/actions/runs/1/attempts/1',
};
