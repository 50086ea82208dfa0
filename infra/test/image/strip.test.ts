import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
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
      // Of the lines that hold an import, those of types are blank and the others name JavaScript.
      const left = after.filter((line) => /^(import|export)\b.*from '\.|\bimport\('\./.test(line.trim()));
      expect(left.filter((line) => /\.ts'/.test(line))).toEqual([]);
    }
  });
});
