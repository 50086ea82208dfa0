// The application's TypeScript as the image has it: types blanked out, so that every line and column is still where the source has it.
import { transformSync } from 'amaro';
import { DeliveryError } from '../contract/errors.ts';

/** Node would strip the same types at every start, which takes as long as starting a bare service. */
export interface SourceFile {
  /** With `/`. */
  readonly path: string;
  readonly text: string;
}

/** A module's path as another module names it. Types are gone by then: what is left is loaded. */
const importedPath = /(\bfrom '|\bimport '|\bimport\(')(\.{1,2}\/[^'\n]+)\.ts(?=')/g;

/**
 * `x.ts` becomes `x.js`, and names other modules as that. The stripper is the one inside Node, installed at the version the lockfile
 * names: an image is the same whichever Node builds it. @throws DeliveryError `document-invalid` for what is no TypeScript that can be stripped.
 */
export function stripTypes({ path, text }: SourceFile): SourceFile {
  try {
    const { code } = transformSync(text, { mode: 'strip-only', filename: path });
    return { path: strippedPath(path), text: code.replace(importedPath, '$1$2.js') };
  } catch (cause) {
    const found = typeof cause === 'object' && cause !== null && 'message' in cause ? String(cause.message) : 'a fault';
    throw new DeliveryError(
      'document-invalid',
      `${path}: expected TypeScript whose types can be stripped; found ${found}`,
      {
        hint: 'no enum, no namespace, no parameter property: npx tsc -p . names the line',
        cause,
      },
    );
  }
}

/** As the image has it. */
export function strippedPath(path: string): string {
  return isTypeScript(path) ? path.replace(/\.ts$/, '.js') : path;
}

export function isTypeScript(path: string): boolean {
  return path.endsWith('.ts') && !path.endsWith('.d.ts');
}
