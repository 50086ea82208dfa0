// What of this repository enters the image: a commit that changes none of it needs no new one. Pure.
import { packageFiles, servedFolders } from './context.ts';

/**
 * What `prepareContext` copies, the recipe it is built by, and the code that builds it. Models enter by their digests, base images by the
 * build's arguments: both are compared as what they are, not as files.
 */
export const imagePaths: readonly string[] = [...packageFiles, ...servedFolders, 'Dockerfile', 'infra/image'];

/** @param path within the repository, with `/`. */
export function entersImage(path: string): boolean {
  return imagePaths.some((entry) => path === entry || path.startsWith(`${entry}/`));
}
