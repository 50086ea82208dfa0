// What an image holds, as files here: built as a release builds it, unpacked as a runtime unpacks it, started by its own entry point.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BakedModel, prepareContext } from '../../infra/image/context.ts';
import { imageFilesOf } from '../../infra/image/difference.ts';
import { buildLayout } from '../../infra/image/layout.ts';
import { stripTypes } from '../../infra/image/strip.ts';
import { unpackImage } from '../../infra/image/unpack.ts';
import { parseImageConfig } from '../../infra/registry/oci.ts';

const project = path.join(import.meta.dirname, '..', '..');
const buildId = 'bld-000000000000';

export interface Unpacked {
  /** The image's working directory. */
  readonly folder: string;
  /** Its entry point, run by this Node. */
  readonly service: readonly [string, ...string[]];
  /** A bare Express among the same packages, its types stripped in the same way. */
  readonly echo: readonly [string, ...string[]];
}

/** @param work an empty folder. */
export async function unpackedImage(work: string, models: readonly BakedModel[]): Promise<Unpacked> {
  const context = path.join(work, 'context');
  await prepareContext({ root: project, models, buildId, destination: context });
  const { layout } = await buildLayout({
    context,
    root: project,
    cache: path.join(project, '.trireme', 'cache', 'image'),
    destination: path.join(work, 'image'),
    labels: { commit: '0'.repeat(40), repository: 'bench', buildId },
  });
  const { layers, config } = await imageFilesOf(layout);
  const { root, config: parsed } = await unpackImage(
    { layers, config: parseImageConfig(Buffer.from(config)) },
    path.join(work, 'root'),
  );
  const { WorkingDir = '/', Entrypoint } = parsed.config;
  const folder = path.join(root, WorkingDir);
  const echo = await placeEcho(folder);
  return { folder, service: [process.execPath, ...(Entrypoint ?? []).slice(1)], echo: [process.execPath, echo] };
}

async function placeEcho(folder: string): Promise<string> {
  const source = await readFile(path.join(import.meta.dirname, 'echo.ts'), 'utf8');
  const stripped = stripTypes({ path: 'echo.ts', text: source });
  await writeFile(path.join(folder, stripped.path), stripped.text);
  return stripped.path;
}
