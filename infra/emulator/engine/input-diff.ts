// What changed between two sets of inputs, path by path, and which of it forces a replacement.
import { isList, isRecord, type Properties, type Property, unresolved } from './property.ts';

export interface InputChange {
  /** `template.containers[0].image`. */
  readonly path: string;
  readonly kind: 'add' | 'delete' | 'update';
  readonly replaces: boolean;
}

/**
 * An `unresolved` new value counts as a change: a preview may announce more than `up` then does, never less.
 * @param replaceOnChanges input paths without list positions (`encryptionConfiguration`, `template.containers.name`); each covers what is below it.
 */
export function diffInputs(
  olds: Properties,
  news: Properties,
  replaceOnChanges: readonly string[],
): readonly InputChange[] {
  return memberChanges(olds, news, '').map((change) => ({
    ...change,
    replaces: replaceOnChanges.some((key) => covers(key, change.path)),
  }));
}

/** The old value as the new ones are written: only what `asked` names, with what `actual` holds there. Shows drift, hides vendors' defaults. */
export function projected(
  asked: Properties,
  actual: Properties,
  maps: ReadonlySet<string> = mapProperties,
): Properties {
  return Object.fromEntries(
    Object.entries(asked).map(([key, value]) => [
      key,
      key in actual ? projectedValue(key, value, actual[key], maps) : value,
    ]),
  );
}

/** Properties that are maps with the user's own keys: there a key that was added behind Pulumi's back is drift, not a default. */
const mapProperties: ReadonlySet<string> = new Set([
  'tags',
  'labels',
  'annotations',
  'runtimeEnvironmentVariables',
  'runtimeEnvironmentSecrets',
]);

type Change = Omit<InputChange, 'replaces'>;

function projectedValue(
  key: string,
  asked: Property,
  actual: Property | undefined,
  maps: ReadonlySet<string>,
): Property {
  if (actual === undefined) return asked;
  if (isRecord(asked) && isRecord(actual) && !maps.has(key)) {
    return Object.fromEntries(
      Object.entries(asked).flatMap(([name, value]) =>
        name in actual
          ? [[name, projectedValue(name, value, actual[name], maps)]]
          : isEmpty(value)
            ? [[name, value]]
            : [],
      ),
    );
  }
  if (isList(asked) && isList(actual)) {
    return actual.map((item, index) => {
      const before = asked[index];
      return before === undefined ? item : projectedValue('', before, item, maps);
    });
  }
  return actual;
}

/** Vendors' JSON often leaves out what is false, zero or empty: its absence says the same. */
function isEmpty(value: Property): boolean {
  if (isList(value)) return value.length === 0;
  if (isRecord(value)) return Object.values(value).every(isEmpty);
  return value === false || value === 0 || value === '' || value === null;
}

function memberChanges(olds: Properties, news: Properties, path: string): Change[] {
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].sort();
  return keys.flatMap((key) => changes(olds[key], news[key], path === '' ? key : `${path}.${key}`));
}

function changes(old: Property | undefined, now: Property | undefined, path: string): Change[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined) return [{ path, kind: 'add' }];
  if (now === undefined) return [{ path, kind: 'delete' }];
  if (now === unresolved || old === unresolved) return [{ path, kind: 'update' }];
  if (isRecord(old) && isRecord(now)) return memberChanges(old, now, path);
  if (isList(old) && isList(now)) {
    return Array.from({ length: Math.max(old.length, now.length) }, (_, index) =>
      changes(old[index], now[index], `${path}[${index}]`),
    ).flat();
  }
  return Object.is(old, now) ? [] : [{ path, kind: 'update' }];
}

/** Does the path, list positions aside, name what is at the key or below it? */
export function covers(key: string, path: string): boolean {
  const plain = path.replaceAll(/\[\d+\]/g, '');
  return plain === key || plain.startsWith(`${key}.`);
}
