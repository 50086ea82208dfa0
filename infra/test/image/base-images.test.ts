import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { assertBasesPinned, baseImagesOf } from '../../image/base-images.ts';

const dockerfile = await readFile(new URL('../../../Dockerfile', import.meta.url), 'utf8');
const digest = `sha256:${'a'.repeat(64)}`;
const node = `docker.io/library/node@${digest}`;
const base = `gcr.io/distroless/cc-debian12@${digest}`;

describe('the base images', () => {
  it("of this repository's Dockerfile are two, by tag unless they are given by digest", () => {
    expect(baseImagesOf(dockerfile, {})).toEqual([
      { name: 'docker.io/library/node:24-bookworm-slim', digest: undefined, argument: 'NODE_IMAGE' },
      { name: 'gcr.io/distroless/cc-debian12:nonroot', digest: undefined, argument: 'BASE_IMAGE' },
    ]);
    expect(baseImagesOf(dockerfile, { NODE_IMAGE: node, BASE_IMAGE: base })).toEqual([
      { name: 'docker.io/library/node', digest, argument: 'NODE_IMAGE' },
      { name: 'gcr.io/distroless/cc-debian12', digest, argument: 'BASE_IMAGE' },
    ]);
  });

  const files: readonly (readonly [what: string, text: string, names: readonly string[]])[] = [
    ['a stage of its own is none', `FROM ${node} AS one\nFROM one\n`, ['docker.io/library/node']],
    ['scratch is none', 'FROM scratch\n', []],
    ['a platform is no name', `FROM --platform=linux/amd64 ${base} as last\n`, ['gcr.io/distroless/cc-debian12']],
    ['an argument without braces', 'ARG X=alpine:3\nFROM $X\n', ['alpine:3']],
    ['a short digest is a tag', 'FROM alpine@sha256:abc\n', ['alpine']],
  ];
  it.each(files)('%s', (_what, text, names) => {
    expect(baseImagesOf(text, {}).map(({ name }) => name)).toEqual(names);
  });

  it('must be pinned for real clouds, each of them', () => {
    expect(() => assertBasesPinned(baseImagesOf(dockerfile, { NODE_IMAGE: node, BASE_IMAGE: base }))).not.toThrow();
    expect(() => assertBasesPinned(baseImagesOf(dockerfile, { NODE_IMAGE: node }))).toThrow(
      expect.objectContaining({
        code: 'refused',
        message:
          'expected every base image by digest; found by tag: gcr.io/distroless/cc-debian12:nonroot (BASE_IMAGE)',
      }),
    );
    expect(() => assertBasesPinned(baseImagesOf('FROM alpine@sha256:abc\n', {}))).toThrow('alpine');
  });
});
