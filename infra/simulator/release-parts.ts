// Manifests of releases that nobody ever built: only their identity matters.
import type { ReleaseParts } from '../delivery/release.ts';

export function partsOf(image: number): ReleaseParts {
  const digest = `sha256:${String(image).padStart(64, '0')}`;
  return {
    source: {
      repository: 'https://example.test/wine.git',
      commit: String(image).padStart(40, '0'),
      dirty: false,
      authors: ['Dana Developer <dana@example.test>'],
    },
    image: {
      name: 'trireme',
      digest,
      builder: 'dockerfile',
      builderVersion: '1',
      platform: 'linux/amd64',
      size: 1000,
      copies: (['aws', 'gcp', 'azure'] as const).map((cloud) => ({ cloud, ref: `${cloud}.test/trireme@${digest}` })),
    },
    build: { buildId: `bld-${String(image).padStart(12, '0')}`, node: '24.21.0', lockfile: digest },
    models: [{ name: 'wine', digest }],
    infra: { program: digest, stackConfigs: {} },
  };
}
