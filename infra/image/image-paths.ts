// What of this repository enters the image: a commit that changes none of it needs no new one. Pure.
import { packageFiles, servedFolders } from './context.ts';

/** The code that lays an image out and writes it; the second says what a model is called in it. */
const imageCode: readonly string[] = ['infra/image', 'infra/contract/release.ts'];

/**
 * What `prepareContext` copies, the recipe it is built by, and the code that builds it. Models enter by their digests, base images by the
 * build's arguments: both are compared as what they are, not as files.
 */
export const imagePaths: readonly string[] = [...packageFiles, ...servedFolders, 'Dockerfile', ...imageCode];

/** @param path within the repository, with `/`. */
export function entersImage(path: string): boolean {
  return isIn(imagePaths, path);
}

/** Is it of the builder, which a release's own commit may have otherwise than a later checkout? */
export function makesImage(path: string): boolean {
  return isIn(imageCode, path);
}

function isIn(entries: readonly string[], path: string): boolean {
  return entries.some((entry) => path === entry || path.startsWith(`${entry}/`));
}
