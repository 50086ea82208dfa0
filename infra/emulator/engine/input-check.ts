// Refuses inputs that the vendor's own type declarations exclude: unknown and missing properties, wrong primitives, values outside an enumeration.
import { nearest } from '../../contract/stack.ts';
import type { InputSchema, Members, Shape } from './input-schema.ts';
import { isList, isRecord, type Properties, type Property, unresolved } from './property.ts';
import type { InputFault } from './resource-model.ts';

/** @returns every fault; what is `unresolved` in a preview is believed. */
export function checkInputs(schema: InputSchema, module: string, inputs: Properties): readonly InputFault[] {
  const resource = schema.resources[module];
  if (resource === undefined) throw new Error(`no input schema was read for ${module}`);
  return memberFaults(schema, resource.inputs, inputs, '');
}

function memberFaults(schema: InputSchema, members: Members, value: Properties, path: string): InputFault[] {
  const missing = Object.entries(members)
    .filter(([name, member]) => member.required && value[name] === undefined)
    .map(([name]) => ({ property: join(path, name), reason: 'missing required property' }));
  const wrong = Object.entries(value).flatMap(([name, property]) => {
    const member = members[name];
    return member === undefined
      ? [{ property: join(path, name), reason: unknownProperty(name, Object.keys(members)) }]
      : faultsOf(schema, member.shape, property, join(path, name));
  });
  return [...missing, ...wrong];
}

function unknownProperty(name: string, known: readonly string[]): string {
  const meant = nearest(name, known);
  return meant === undefined ? 'unknown property' : `unknown property; did you mean \`${meant}\`?`;
}

function faultsOf(schema: InputSchema, shape: Shape, value: Property, path: string): InputFault[] {
  if (value === unresolved || shape.kind === 'any') return [];
  switch (shape.kind) {
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === shape.kind ? [] : [mismatch(shape, value, path)];
    case 'enum':
      return shape.values.some((one) => one === value) ? [] : [mismatch(shape, value, path)];
    case 'list':
      return isList(value)
        ? value.flatMap((item, index) => faultsOf(schema, shape.of, item, `${path}[${index}]`))
        : [mismatch(shape, value, path)];
    case 'map':
      return isRecord(value)
        ? Object.entries(value).flatMap(([key, item]) => faultsOf(schema, shape.of, item, join(path, key)))
        : [mismatch(shape, value, path)];
    case 'object': {
      const members = schema.objects[shape.name];
      if (members === undefined) throw new Error(`no input schema was read for ${shape.name}`);
      return isRecord(value) ? memberFaults(schema, members, value, path) : [mismatch(shape, value, path)];
    }
    case 'union':
      return unionFaults(schema, shape, value, path);
  }
}

/** One fitting alternative is enough. Where only one is of the value's own form, its faults say more than the union's. */
function unionFaults(
  schema: InputSchema,
  shape: Extract<Shape, { kind: 'union' }>,
  value: Property,
  path: string,
): InputFault[] {
  const faults = shape.of.map((one) => faultsOf(schema, one, value, path));
  if (faults.some((one) => one.length === 0)) return [];
  const deeper = faults.filter((one) => one.some((fault) => fault.property !== path));
  const [only] = deeper;
  return deeper.length === 1 && only !== undefined ? only : [mismatch(shape, value, path)];
}

function mismatch(shape: Shape, value: Property, path: string): InputFault {
  return { property: path, reason: `expected ${describe(shape)}, found ${found(value)}` };
}

function describe(shape: Shape): string {
  switch (shape.kind) {
    case 'enum':
      return `one of ${shape.values.map((one) => JSON.stringify(one)).join(', ')}`;
    case 'list':
      return 'a list';
    case 'map':
    case 'object':
      return 'an object';
    case 'union':
      return shape.of.map(describe).join(' or ');
    default:
      return `a ${shape.kind}`;
  }
}

function found(value: Property): string {
  if (isList(value)) return 'a list';
  if (isRecord(value)) return 'an object';
  return `the ${typeof value} ${JSON.stringify(value)}`;
}

function join(path: string, name: string): string {
  const step = /^[A-Za-z_$][\w$]*$/.test(name) ? name : `[${JSON.stringify(name)}]`;
  if (path === '') return step;
  return step.startsWith('[') ? `${path}${step}` : `${path}.${step}`;
}
