// Which changes need a new image, and when a release takes the one before it.
import { readFile } from 'node:fs/promises';
import { dirname, posix } from 'node:path';
import { preProcessFile } from 'typescript';
import { describe, expect, test } from 'vitest';
import { entersImage } from '../../image/image-paths.ts';
import { type ReuseQuestion, reasonsForNewImage } from '../../image/reuse.ts';
import { stripTypes } from '../../image/strip.ts';
import { digest, manifest } from '../attestation/sample-release.ts';

describe('what enters the image', () => {
  test.each([
    'package.json',
    'package-lock.json',
    'app/package.json',
    'infra/package.json',
    'app/serving/main.ts',
    'app/serving/http/routes/predict.ts',
    'app/engines/compiled.ts',
    'app/model/schema.ts',
    'Dockerfile',
    'infra/image/layout.ts',
  ])('%s does', (path) => expect(entersImage(path)).toBe(true));

  test.each([
    'stacks/Pulumi.gcp-prod.yaml',
    'policy.yaml',
    'docs/concepts.md',
    '.github/workflows/release.yml',
    'infra/clouds/gcp/foundation.ts',
    'infra/cli/verbs/release.ts',
    'infra/image-of-something.ts',
    'app/training/train.ts',
    'app/test/serving/predict.test.ts',
    'app/servings/main.ts',
    'bench/main.ts',
    // What is trained from it enters by the model's digest.
    'problem.yaml',
    'model.lock.json',
    'data/wine.csv',
    'Dockerfile.old',
    'docs/package.json',
  ])('%s does not', (path) => expect(entersImage(path)).toBe(false));

  test('everything does that a program loads to lay an image out, but for what no image shows', async () => {
    const loaded = new Set<string>();
    const visit = async (path: string): Promise<void> => {
      if (loaded.has(path)) return;
      loaded.add(path);
      const { importedFiles } = preProcessFile(
        stripTypes({ path, text: await readFile(path, 'utf8') }).text,
        true,
        true,
      );
      const own = importedFiles.filter(({ fileName }) => fileName.startsWith('.'));
      await Promise.all(own.map(({ fileName }) => visit(posix.join(dirname(path), fileName.replace(/js$/, 'ts')))));
    };
    await visit('infra/image/context.ts');
    expect([...loaded].filter((path) => !entersImage(path)).sort()).toEqual([
      // The names of releases hang on how it writes: it can't change.
      'infra/contract/canonical.ts',
      'infra/contract/errors.ts',
      'infra/contract/stack.ts',
      'infra/ledger/git-command.ts',
    ]);
  });

  test('everything that the Dockerfile copies from its context does, or is compared by itself', async () => {
    const dockerfile = await readFile(new URL('../../../Dockerfile', import.meta.url), 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, words = '']) =>
      words.split(' '),
    );
    expect(copied.length).toBeGreaterThan(4);
    const comparedOtherwise = ['models', 'build.json'];
    expect(copied.filter((path) => !entersImage(path))).toEqual(comparedOtherwise);
  });
});

const ref = `gcp.test/trireme@${digest}`;
const question: ReuseQuestion = {
  last: manifest,
  dirty: false,
  models: manifest.models,
  builder: 'dockerfile',
  builderVersion: undefined,
  buildArgs: {},
  changed: ['stacks/Pulumi.gcp-dev.yaml', 'docs/concepts.md'],
  served: { [ref]: digest },
};
const { image, build } = manifest;
const withBuild = (change: Partial<typeof build>) => ({ ...manifest, build: { ...build, ...change } });

describe('the image of the release before is taken', () => {
  const taken: readonly [string, Partial<ReuseQuestion>][] = [
    ['stack files and docs changed', {}],
    ['nothing changed', { changed: [] }],
    ['it was itself taken from an earlier one', { last: withBuild({ commit: 'b'.repeat(40) }) }],
    ['the build had the same arguments', { last: withBuild({ arguments: { A: '1' } }), buildArgs: { A: '1' } }],
    ['one more cloud has a copy that no stack needs', { served: {} }],
  ];
  test.each(taken)('%s', (_, change) => expect(reasonsForNewImage({ ...question, ...change })).toEqual([]));
});

describe('a new image is built', () => {
  const anew: readonly [string, Partial<ReuseQuestion>, RegExp][] = [
    ['the first release', { last: undefined }, /no release before/],
    [
      'a file that enters it changed',
      { changed: ['stacks/x', 'app/serving/main.ts'] },
      /since: app\/serving\/main\.ts$/,
    ],
    ['the tree is dirty', { dirty: true }, /no commit holds/],
    [
      'the last one was dirty',
      { last: { ...manifest, source: { ...manifest.source, dirty: true } } },
      /no commit holds/,
    ],
    ['its commit is not here', { changed: undefined }, /cccccccccccc, is not in this clone/],
    ['another model', { models: [{ name: 'wine', digest }] }, /other models/],
    [
      'the same models, another first',
      {
        last: { ...manifest, models: [{ name: 'beer', digest }, ...manifest.models] },
        models: [...manifest.models, { name: 'beer', digest }],
      },
      /other models/,
    ],
    [
      'another label',
      { models: manifest.models.map((model) => ({ ...model, label: 'challenger' as const })) },
      /other models/,
    ],
    ['one model more', { models: [...manifest.models, { name: 'beer', digest }] }, /other models/],
    ['another kind of build', { builder: 'layout', builderVersion: '1' }, /built as dockerfile/],
    [
      'a newer builder of our own',
      {
        last: { ...manifest, image: { ...image, builder: 'layout', builderVersion: '1' } },
        builder: 'layout',
        builderVersion: '2',
      },
      /version of the builder/,
    ],
    ['another base image', { buildArgs: { BASE_IMAGE: 'x@sha256:1' } }, /arguments of the build/],
    ['a registry lost it', { served: { [ref]: undefined } }, /gcp\.test\/trireme@.* is not there/],
    ['a cloud was added', { served: { [ref]: digest, [`aws.test/t@${digest}`]: undefined } }, /aws\.test/],
    ['a repository was moved, and has it', { served: { [`new.test/t@${digest}`]: digest } }, /new\.test/],
  ];
  test.each(anew)('%s', (_, change, why) => {
    const reasons = reasonsForNewImage({ ...question, ...change });
    expect(reasons).toEqual([expect.stringMatching(why)]);
  });
});
