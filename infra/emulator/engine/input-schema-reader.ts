// Runs in a worker: reads the input types of given resource classes from a Pulumi package's `.d.ts` files, without a type checker.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import ts from 'typescript';
import type { Members, ReaderTask, Shape } from './input-schema.ts';

type Declaration = ts.InterfaceDeclaration | ts.ClassDeclaration | ts.VariableStatement;

const { packageDirectory, modules } = workerData as ReaderTask;
const objects: Record<string, Members> = {};
// A package whose inputs are all plain values has none.
const inputTypes = await readFile(join(packageDirectory, 'types/input.d.ts'), 'utf8').catch(() => '');
const namespaces = new Map<string, Map<string, Declaration>>();
const enumFiles = new Map<string, Map<string, Declaration>>();

const resources: Record<string, { inputs: Members; outputs: string[] }> = {};
for (const module of modules) resources[module] = await resourceOf(module);
parentPort?.postMessage({ resources, objects });

/** The one class of the file that constructs a resource, and the `…Args` interface of its constructor. */
async function resourceOf(module: string): Promise<{ inputs: Members; outputs: string[] }> {
  const declared = declarationsIn(await readFile(join(packageDirectory, `${module}.d.ts`), 'utf8'));
  const resource = [...declared.values()].find((one) => ts.isClassDeclaration(one));
  const name = resource?.name?.text;
  if (resource === undefined || name === undefined) throw new Error(`${module}.d.ts declares no class`);
  const args = declared.get(`${name}Args`);
  if (args === undefined || !ts.isInterfaceDeclaration(args)) throw new Error(`${module}.d.ts declares no ${name}Args`);
  const inputs = await membersOf(args);
  const outputs = resource.members
    .filter((member) => ts.isPropertyDeclaration(member))
    .map((member) => member.name.getText())
    .filter((property) => !(property in inputs));
  return { inputs, outputs };
}

async function membersOf(declaration: ts.InterfaceDeclaration): Promise<Members> {
  const members: Record<string, { required: boolean; shape: Shape }> = {};
  for (const member of declaration.members) {
    if (!ts.isPropertySignature(member) || member.type === undefined) {
      throw new Error(`${declaration.name.text} has a member that is no property: ${member.getText()}`);
    }
    const name = ts.isStringLiteral(member.name) ? member.name.text : member.name.getText();
    members[name] = { required: member.questionToken === undefined, shape: await shapeOf(member.type) };
  }
  return members;
}

async function shapeOf(type: ts.TypeNode): Promise<Shape> {
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
      return { kind: 'string' };
    case ts.SyntaxKind.NumberKeyword:
      return { kind: 'number' };
    case ts.SyntaxKind.BooleanKeyword:
      return { kind: 'boolean' };
    case ts.SyntaxKind.AnyKeyword:
      return { kind: 'any' };
  }
  if (ts.isParenthesizedTypeNode(type)) return shapeOf(type.type);
  if (ts.isArrayTypeNode(type)) return { kind: 'list', of: await shapeOf(type.elementType) };
  if (ts.isUnionTypeNode(type)) return unionOf(type);
  if (ts.isLiteralTypeNode(type)) return { kind: 'enum', values: [literalOf(type.literal)] };
  if (ts.isTypeLiteralNode(type)) {
    const [signature] = type.members;
    if (signature !== undefined && ts.isIndexSignatureDeclaration(signature)) {
      return { kind: 'map', of: await shapeOf(signature.type) };
    }
  }
  if (ts.isTypeReferenceNode(type)) return referenceOf(type);
  throw new Error(`no shape is known for the type \`${type.getText()}\``);
}

async function unionOf(type: ts.UnionTypeNode): Promise<Shape> {
  const shapes: Shape[] = [];
  for (const one of type.types) {
    if (one.kind !== ts.SyntaxKind.UndefinedKeyword) shapes.push(await shapeOf(one));
  }
  const [first] = shapes;
  return shapes.length === 1 && first !== undefined ? first : { kind: 'union', of: shapes };
}

async function referenceOf(type: ts.TypeReferenceNode): Promise<Shape> {
  const name = type.typeName.getText();
  const [argument] = type.typeArguments ?? [];
  if (name === 'pulumi.Input' && argument !== undefined) return shapeOf(argument);
  if (name.startsWith('inputs.')) return objectOf(name.slice('inputs.'.length));
  if (name.startsWith('enums.')) return enumOf(name.slice('enums.'.length));
  if (name.startsWith('pulumi.asset.')) return { kind: 'any' };
  // `ARN` is an alias of string; a resource class (`role: string | Role`) travels as the resource's id.
  if (/^[A-Z]\w*$/.test(name)) return { kind: 'string' };
  throw new Error(`no shape is known for the type \`${type.getText()}\``);
}

/** @param name `apprunner.ServiceSourceConfiguration`. */
async function objectOf(name: string): Promise<Shape> {
  if (!(name in objects)) {
    const declaration = declarationOf(name);
    if (declaration === undefined || !ts.isInterfaceDeclaration(declaration)) {
      throw new Error(`types/input.d.ts declares no inputs.${name}`);
    }
    // Reserved before its members are read: types may refer to themselves.
    objects[name] = {};
    objects[name] = await membersOf(declaration);
  }
  return { kind: 'object', name };
}

/** @param name `web.ClientCertMode`, declared as a constant object of literals. */
async function enumOf(name: string): Promise<Shape> {
  const [namespace = ''] = name.split('.');
  if (!enumFiles.has(namespace)) {
    const path = join(packageDirectory, 'types/enums', namespace, 'index.d.ts');
    enumFiles.set(namespace, declarationsIn(await readFile(path, 'utf8')));
  }
  const constant = enumFiles.get(namespace)?.get(name.slice(namespace.length + 1));
  const type =
    constant !== undefined && ts.isVariableStatement(constant)
      ? constant.declarationList.declarations[0]?.type
      : undefined;
  if (type === undefined || !ts.isTypeLiteralNode(type)) throw new Error(`no values are declared for enums.${name}`);
  const values: (string | number | boolean)[] = [];
  for (const member of type.members) {
    if (!ts.isPropertySignature(member) || member.type === undefined) continue;
    // `readonly Basic: "Basic"`; a few AWS enums are typed (`readonly X: ARN`) and hold no value here: those stay open.
    if (!ts.isLiteralTypeNode(member.type)) return { kind: 'string' };
    values.push(literalOf(member.type.literal));
  }
  return { kind: 'enum', values };
}

function literalOf(literal: ts.LiteralTypeNode['literal']): string | number | boolean {
  if (ts.isStringLiteral(literal)) return literal.text;
  if (ts.isNumericLiteral(literal)) return Number(literal.text);
  if (literal.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (literal.kind === ts.SyntaxKind.FalseKeyword) return false;
  throw new Error(`no value is known for the literal \`${literal.getText()}\``);
}

/** Parses only the namespace that is asked for: the whole file is six megabytes with a hundred of them. */
function declarationOf(name: string): Declaration | undefined {
  const namespace = name.includes('.') ? name.slice(0, name.indexOf('.')) : '';
  const declared = namespaces.get(namespace) ?? declarationsIn(sourceOf(namespace));
  namespaces.set(namespace, declared);
  return declared.get(name.slice(name.indexOf('.') + 1));
}

/** A namespace's body; for the empty name, what stands before the first namespace (the provider's own types). */
function sourceOf(namespace: string): string {
  if (namespace === '') return inputTypes.slice(0, inputTypes.indexOf('\nexport declare namespace '));
  const start = inputTypes.indexOf(`\nexport declare namespace ${namespace} {\n`);
  const end = inputTypes.indexOf('\n}\n', start);
  if (start < 0 || end < 0) throw new Error(`types/input.d.ts has no namespace ${namespace}`);
  return inputTypes.slice(inputTypes.indexOf('{', start) + 1, end);
}

function declarationsIn(source: string): Map<string, Declaration> {
  const file = ts.createSourceFile('declarations.d.ts', source, ts.ScriptTarget.Latest, true);
  const found = new Map<string, Declaration>();
  for (const statement of file.statements) {
    if (ts.isInterfaceDeclaration(statement) || (ts.isClassDeclaration(statement) && statement.name !== undefined)) {
      found.set(statement.name?.text ?? '', statement);
    } else if (ts.isVariableStatement(statement)) {
      found.set(statement.declarationList.declarations[0]?.name.getText() ?? '', statement);
    }
  }
  return found;
}
