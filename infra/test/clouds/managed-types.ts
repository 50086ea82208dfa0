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

/** What comments beside provers and readers say: ``Rights it needs: `run.services.get` ``. Short forms of the name before are left to the reader. */
export async function statedRights(cloud: 'aws' | 'gcp' | 'azure'): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const text of await sourcesOf(cloud)) {
    for (const [, sentence = ''] of text.matchAll(/Rights? it needs:((?:[^.*]|\.(?! |\n| \*)|\n? \* )*)/g)) {
      for (const [, right = ''] of sentence.matchAll(/`([^`]+)`/g)) if (fullName.test(right)) found.add(right);
    }
  }
  return [...found].sort();
}

const fullName = /^([a-z-]+:[A-Z]\w+|[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+|Microsoft\.[\w/]+)$/;
const prefixes: Readonly<Record<string, string>> = { 'cloudwatch-logs': 'logs' };

/** `DescribeServiceCommand` and `paginateListTasks` of a client are actions of its service. */
export async function sdkActions(): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const text of await sourcesOf('aws')) {
    for (const [, names = '', client = ''] of text.matchAll(
      /\{([^{}]*)\} (?:from |= await import\()'@aws-sdk\/client-([a-z-]+)'/g,
    )) {
      for (const [, command, paginated] of names.matchAll(/\b(?:([A-Z]\w+)Command|paginate([A-Z]\w+))\b/g)) {
        found.add(`${prefixes[client] ?? client}:${command ?? paginated}`);
      }
    }
  }
  return [...found].sort();
}

async function sourcesOf(cloud: string): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const path of glob(`infra/clouds/${cloud}/**/*.ts`, { cwd: root })) {
    texts.push(await readFile(join(root, path), 'utf8'));
  }
  return texts;
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
