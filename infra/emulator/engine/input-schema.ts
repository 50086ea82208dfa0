// What a provider's inputs look like, read once from the npm package's own type declarations and kept as JSON.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { canonicalJson, sha256 } from '../../contract/canonical.ts';

const schemaVersion = 'trireme.input-schema/1';

/** The type of one input. `object` names an entry of `objects`; `any` is what the declarations leave open. */
export type Shape =
  | { readonly kind: 'string' | 'number' | 'boolean' | 'any' }
  | { readonly kind: 'enum'; readonly values: readonly (string | number | boolean)[] }
  | { readonly kind: 'list' | 'map'; readonly of: Shape }
  | { readonly kind: 'object'; readonly name: string }
  | { readonly kind: 'union'; readonly of: readonly Shape[] };

const shape: z.ZodType<Shape> = z.lazy(() =>
  z.union([
    z.strictObject({ kind: z.enum(['string', 'number', 'boolean', 'any']) }),
    z.strictObject({ kind: z.literal('enum'), values: z.array(z.union([z.string(), z.number(), z.boolean()])) }),
    z.strictObject({ kind: z.enum(['list', 'map']), of: shape }),
    z.strictObject({ kind: z.literal('object'), name: z.string() }),
    z.strictObject({ kind: z.literal('union'), of: z.array(shape) }),
  ]),
);

const members = z.record(z.string(), z.strictObject({ required: z.boolean(), shape }));
/** The properties of one object type, by name. */
export type Members = Readonly<Record<string, { readonly required: boolean; readonly shape: Shape }>>;

const inputSchema = z.strictObject({
  schema: z.literal(schemaVersion),
  /** By class file: `apprunner/service`. `outputs` are the properties the cloud computes: declared on the class, not among its inputs. */
  resources: z.record(z.string(), z.strictObject({ inputs: members, outputs: z.array(z.string()) })),
  objects: z.record(z.string(), members),
});
export type InputSchema = z.infer<typeof inputSchema>;

export interface SchemaRequest {
  readonly npmPackage: string;
  /** Class files inside the package, without extension. */
  readonly modules: readonly string[];
}

/** What the reader in its worker is told. */
export interface ReaderTask {
  readonly packageDirectory: string;
  readonly modules: readonly string[];
}

/** The folder and version of an installed npm package. */
export async function installedPackage(
  name: string,
): Promise<{ readonly directory: string; readonly version: string }> {
  const path = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(path, 'utf8')));
  return { directory: join(path, '..'), version };
}

/**
 * The cached file's name holds everything it was made from: another provider version, another list of classes or another reader
 * finds no file and reads the declarations again.
 * @param cacheDirectory may be deleted at any time.
 */
export async function loadInputSchema(request: SchemaRequest, cacheDirectory: string): Promise<InputSchema> {
  const { directory, version } = await installedPackage(request.npmPackage);
  const modules = [...new Set(request.modules)].sort();
  const reader = new URL('./input-schema-reader.ts', import.meta.url);
  const madeFrom = {
    schemaVersion,
    package: request.npmPackage,
    version,
    modules,
    reader: sha256(await readFile(reader)),
  };
  const name = `input-schema-${request.npmPackage.replaceAll(/[^a-z0-9]+/g, '-').replace(/^-/, '')}`;
  const file = join(cacheDirectory, `${name}-${sha256(canonicalJson(madeFrom)).slice(0, 16)}.json`);
  return (await cached(file)) ?? keep(file, await read(reader, { packageDirectory: directory, modules }));
}

async function cached(file: string): Promise<InputSchema | undefined> {
  try {
    return inputSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    // Absent, half-written by a killed run, or edited: reading the declarations again is always right.
    return undefined;
  }
}

async function keep(file: string, schema: InputSchema): Promise<InputSchema> {
  await mkdir(join(file, '..'), { recursive: true });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(schema));
  await rename(temporary, file);
  return schema;
}

/** In a worker: parsing takes seconds, and the engine must be answered meanwhile. */
async function read(reader: URL, task: ReaderTask): Promise<InputSchema> {
  const worker = new Worker(reader, { workerData: task });
  try {
    const message = await new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the reader of type declarations ended with exit code ${code}`)));
    });
    return inputSchema.parse({ schema: schemaVersion, ...z.object({}).loose().parse(message) });
  } finally {
    await worker.terminate();
  }
}
