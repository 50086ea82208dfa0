// Makes the published files: src/ as JavaScript with declarations, and the types of the service's own document.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import openapiTypes, { astToString, type OpenAPI3 } from 'openapi-typescript';

const client = fileURLToPath(new URL('..', import.meta.url));
const license = fileURLToPath(new URL('../../LICENSE', import.meta.url));
const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

/** @param serviceUrl of a service that is ready. @param destination emptied first. */
export async function buildPackage(serviceUrl: string, destination: string): Promise<void> {
  const types = await serviceTypes(serviceUrl);
  await rm(destination, { recursive: true, force: true });
  await mkdir(destination, { recursive: true });
  await promisify(execFile)(process.execPath, [compiler, '-p', client, '--outDir', destination]);
  await writeFile(join(destination, 'service.d.ts'), types);
  // Types alone; the module is there so that every resolver finds one.
  await writeFile(join(destination, 'service.js'), 'export {};\n');
  await copyFile(license, join(destination, 'LICENSE'));
}

async function serviceTypes(serviceUrl: string): Promise<string> {
  const answer = await fetch(`${serviceUrl}/openapi.json`);
  if (answer.status !== 200) throw new Error(`${serviceUrl}/openapi.json: expected 200, found ${answer.status}`);
  const document = (await answer.json()) as OpenAPI3;
  // A version's own addresses are left out: they change with every training, and what they take is the same.
  const paths = Object.fromEntries(
    Object.entries(document.paths ?? {}).filter(([path]) => !path.includes('/versions/')),
  );
  const nodes = await openapiTypes({ ...document, paths }, { silent: true });
  return `// Made from the service's /openapi.json when the package was built.\n${astToString(nodes)}`;
}
