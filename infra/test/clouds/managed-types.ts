// Which Pulumi types the clouds' code makes or looks up, read from its imports: what the grants have to cover, and nothing besides.
import { readFileSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export interface ManagedTypes {
  /** What a service stack makes, or looks up while it is made. */
  readonly service: ReadonlySet<string>;
  readonly foundation: ReadonlySet<string>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const { resolve } = createRequire(import.meta.url);

/** @param cloud its folder under `infra/clouds` */
export async function managedTypes(cloud: 'aws' | 'gcp' | 'azure'): Promise<ManagedTypes> {
  const files = new Map<string, FileImports>();
  for await (const path of glob(`infra/clouds/${cloud}/**/*.ts`, { cwd: root })) {
    files.set(path, importsOf(path, await readFile(join(root, path), 'utf8')));
  }
  const reachable = (start: (path: string) => boolean) => {
    const seen = new Set<string>();
    const visit = (path: string): void => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const next of files.get(path)?.files ?? []) visit(next);
    };
    [...files.keys()].filter(start).forEach(visit);
    return new Set([...seen].flatMap((path) => files.get(path)?.types ?? []));
  };
  return {
    service: reachable((path) => path.endsWith('/component.ts')),
    foundation: reachable((path) => path === `infra/clouds/${cloud}/foundation.ts`),
  };
}

interface FileImports {
  readonly files: readonly string[];
  readonly types: readonly string[];
}

/** Values only: a type makes nothing. */
export function importsOf(path: string, text: string): FileImports {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const files: string[] = [];
  const types: string[] = [];
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const specifier = statement.moduleSpecifier.text;
    const names = valuesOf(statement.importClause);
    if (names.length === 0) continue;
    if (specifier.startsWith('.')) files.push(normalize(join(dirname(path), specifier)));
    else if (/^@pulumi\/(aws|gcp|azure-native)\//.test(specifier)) {
      types.push(...names.flatMap((name) => tokenOf(specifier, name)));
    }
  }
  return { files, types };
}

function valuesOf(clause: ts.ImportClause | undefined): readonly string[] {
  const bindings = clause?.namedBindings;
  if (clause === undefined || clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [];
  return bindings.elements.filter((one) => !one.isTypeOnly).map((one) => (one.propertyName ?? one.name).text);
}

/** A class says its own type; a look-up, which is a function, is named after its module. */
function tokenOf(specifier: string, name: string): readonly string[] {
  if (name === 'Provider') return [];
  const lookUp = /^get[A-Z]\w*?(?:Output)?$/.test(name) ? name.replace(/Output$/, '') : undefined;
  if (lookUp !== undefined) {
    const [, pulumiPackage = '', path = ''] = /^@pulumi\/([^/]+)\/(.+)\.js$/.exec(specifier) ?? [];
    return [`${pulumiPackage}:${path.includes('/') ? path : `index/${path}`}:${lookUp}`];
  }
  const declared = /__pulumiType = '([^']+)'/.exec(readFileSync(resolve(specifier), 'utf8'))?.[1];
  return declared === undefined ? [] : [declared];
}
