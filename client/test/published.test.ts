// What others get: the package as npm packs it, and the programs of docs/clients.md, taken from the page and run against the service.
import { execFile, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../../infra/test/document-rules.ts';
import { buildPackage } from '../build/package.ts';
import { type RunningService, startService } from '../build/service.ts';

const run = promisify(execFile);
const client = fileURLToPath(new URL('..', import.meta.url));
const document = fileURLToPath(new URL('../../docs/clients.md', import.meta.url));
/** Where the page says the service is. */
const shownUrl = 'http://localhost:8080';
const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

let service: RunningService;
let work: string;
/** A program's folder, with the package installed. */
let consumer: string;
let packed: { readonly files: readonly { readonly path: string }[] };

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'trireme-client-'));
  service = await startService();
  const built = join(work, 'built');
  await mkdir(built);
  for (const file of ['package.json', 'README.md']) await cp(join(client, file), join(built, file));
  await buildPackage(service.url, join(built, 'dist'));
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], {
    cwd: built,
  });
  const [pack] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = pack;
  consumer = join(work, 'consumer');
  const installed = join(consumer, 'node_modules/@trireme/client');
  await mkdir(installed, { recursive: true });
  await run('tar', ['-xzf', join(work, pack.filename), '-C', installed, '--strip-components=1']);
  await writeFile(join(consumer, 'package.json'), '{"type":"module"}');
});
afterAll(async () => {
  await service.stop();
  await rm(work, { recursive: true, force: true });
});

const blocks = blocksOf(await readFile(document, 'utf8'));

/** The one block of that language, and the output printed under it. */
function example(language: string): { readonly text: string; readonly output: string } {
  const index = blocks.findIndex((block) => block.language === language);
  const [block, output] = [blocks[index], blocks[index + 1]];
  if (block === undefined || output?.language !== 'text') throw new Error(`no ${language} with an output under it`);
  return { text: block.text.replaceAll(shownUrl, service.url), output: output.text };
}

async function outputOf(file: string, text: string, program: string, ...words: string[]): Promise<string> {
  await writeFile(join(consumer, file), text);
  const { stdout } = await run(program, [...words, file], { cwd: consumer });
  return stdout.trimEnd();
}

describe('the package', () => {
  it('holds what is published and nothing else', () => {
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['README.md', 'package.json', 'dist/client.js', 'dist/client.d.ts', 'dist/LICENSE']),
    );
    expect(
      paths.filter((path) => !/^(README\.md|package\.json|dist\/LICENSE|dist\/[\w/-]+\.(js|d\.ts))$/.test(path)),
    ).toEqual([]);
  });

  it('has the shape that resolvers expect', async () => {
    const pkgDir = join(consumer, 'node_modules/@trireme/client');
    const { messages, pkg } = await publint({ pkgDir, strict: true, pack: false });
    expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
  });

  it('needs nothing else at run time', async () => {
    const manifest = JSON.parse(await readFile(join(client, 'package.json'), 'utf8'));
    expect(manifest.dependencies ?? {}).toEqual({});
  });

  it('has types that a program is held to', async () => {
    const { text } = example('ts');
    const wrong = `
      // @ts-expect-error no such field
      await client.predict({ ...wine, colour: 1 });
      // @ts-expect-error no such model
      await client.infer('beer', { inputs: [] });
      // @ts-expect-error no such output
      await client.infer('wine', { inputs: [], outputs: ['labels'] });
      // @ts-expect-error no such probability
      prediction.p_9;
      prediction.p_1.toFixed();`;
    await writeFile(join(consumer, 'typed.ts'), `${text}\n${wrong}\n`);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      target: 'es2023',
      lib: ['es2023', 'dom'],
      types: [],
      module: 'nodenext',
    };
    await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
    // What is wrong with the types, tsc says on its output.
    const { stdout } = await run(process.execPath, [compiler, '-p', consumer]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });
});

const examples: readonly { language: string; file: string; words: readonly [string, ...string[]]; needs: string[] }[] =
  [
    { language: 'ts', file: 'example.ts', words: [process.execPath], needs: [] },
    { language: 'sh', file: 'example.sh', words: ['bash', '-euo', 'pipefail'], needs: ['bash', 'curl', 'jq'] },
    { language: 'python', file: 'example.py', words: ['python3'], needs: ['python3'] },
    { language: 'go', file: 'example.go', words: ['go', 'run'], needs: ['go'] },
  ];

/** Said aloud, because nothing else is ever left out; in CI what is missing fails instead. */
function isRunnable({ language, needs }: (typeof examples)[number]): boolean {
  const missing = needs.filter((program) => spawnSync(program, ['--help']).error !== undefined);
  if (missing.length === 0 || process.env.CI === 'true') return true;
  console.error(`NOT RUN: the ${language} example of docs/clients.md: no ${missing.join(', ')} here`);
  return false;
}

describe('the examples of docs/clients.md', () => {
  it.each(examples.filter(isRunnable))('print what the page says: $language', async ({ language, file, words }) => {
    const { text, output } = example(language);
    expect(text).toContain(service.url);
    expect(await outputOf(file, text, ...words)).toBe(output);
  });

  it('would not, if one of them were wrong', async () => {
    const { text, output } = example('ts');
    const refused = text.replace('const wine = {', 'const wine = { colour: 1,');
    await expect(outputOf('refused.ts', refused, process.execPath)).rejects.toThrow(/unknown field "colour"/);
    const other = text.replace('alcohol: -1e300', 'alcohol: 13');
    expect(await outputOf('other.ts', other, process.execPath)).not.toBe(output);
  });
});
