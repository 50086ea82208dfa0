import { readFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { preProcessFile } from 'typescript';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from '../../image/context.ts';
import { isTypeScript, strippedPath, stripTypes } from '../../image/strip.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

describe('stripped TypeScript', () => {
  it.each([
    ["import { a } from './a.ts';", "import { a } from './a.js';"],
    ["import '../a.ts';", "import '../a.js';"],
    ["export * from './deep/a.ts';", "export * from './deep/a.js';"],
    ["const a = await import('./a.ts');", "const a = await import('./a.js');"],
    ["import { a } from 'a.ts';", "import { a } from 'a.ts';"],
    ["const shown = 'node main.ts';", "const shown = 'node main.ts';"],
    ['const a: number = 1;', 'const a         = 1;'],
  ])('%s', (text, expected) => {
    expect(stripTypes({ path: 'a.ts', text })).toEqual({ path: 'a.js', text: expected });
  });

  it('names the file and the fault where types can not be stripped', () => {
    expect(() => stripTypes({ path: 'app/a.ts', text: 'enum A { B }' })).toThrow(
      'app/a.ts: expected TypeScript whose types can be stripped; found TypeScript enum is not supported',
    );
  });

  it('keeps every line of the service where it is, and leaves no module that names a source', async () => {
    const paths = (await sourceFiles(root)).filter(isTypeScript);
    expect(paths).toContain('app/serving/main.ts');
    for (const path of paths) {
      const source = await readFile(join(root, path), 'utf8');
      const { path: to, text } = stripTypes({ path, text: source });
      expect(to).toBe(strippedPath(path));
      const [before, after] = [source.split('\n'), text.split('\n')];
      expect(after.length).toBe(before.length);
    }
  });

  it('leaves every module of the service a path that is in the image, and no other text than paths changed', async () => {
    const sources = await sourceFiles(root);
    const inImage = new Set(sources.map(strippedPath));
    const faults: string[] = [];
    for (const path of sources.filter(isTypeScript)) {
      const { text } = stripTypes({ path, text: await readFile(join(root, path), 'utf8') });
      const named = modulesNamedIn(text);
      faults.push(
        ...named
          .map(({ name }) => name)
          .filter((name) => name.startsWith('.') && !inImage.has(posix.join(dirname(path), name)))
          .map((name) => `${path} names ${name}, which is not in the image`),
      );
      const rewritten = [...text.matchAll(/\.{1,2}\/[^'"`\n]+\.js\b/g)].map(({ index }) => index);
      const elsewhere = rewritten.filter((at) => !named.some(({ from, to }) => at >= from && at < to));
      const source = await readFile(join(root, path), 'utf8');
      faults.push(
        ...elsewhere.filter((at) => !source.includes(lineAt(text, at))).map((at) => `${path}: ${lineAt(text, at)}`),
      );
    }
    expect(faults).toEqual([]);
  });
});

/** What the compiler finds that a module loads, and what it names beside itself; `from` and `to` within the text. */
function modulesNamedIn(
  text: string,
): readonly { readonly name: string; readonly from: number; readonly to: number }[] {
  const loaded = preProcessFile(text, true, true).importedFiles.map(({ fileName, pos, end }) => ({
    ...{ name: fileName, from: pos, to: end + 1 },
  }));
  const beside = [...text.matchAll(/new URL\(\s*['"](\.{1,2}\/[^'"]+\.[jt]s)['"],\s*import\.meta\.url/g)].map(
    (found) => ({
      ...{ name: found[1] ?? '', from: found.index, to: found.index + found[0].length },
    }),
  );
  return [...loaded, ...beside];
}

function lineAt(text: string, at: number): string {
  return text.slice(text.lastIndexOf('\n', at) + 1).split('\n', 1)[0] ?? '';
}
