// Which keys a route of the document asks for, by the same rule as the gate in front of it. https://spec.openapis.org/oas/v3.1.0#security-scheme-object
import { scopeOf } from '../access/access.ts';
import type { Settings } from '../settings/settings.ts';

export type Keys = Pick<Settings, 'apiKeys' | 'adminKeys'>;

type Item = Readonly<Record<string, object>>;

/** Either of the two headers. */
const either = [{ bearer: [] }, { apiKey: [] }];

/** @returns `undefined` where no keys are set. */
export function securitySchemes({ apiKeys, adminKeys }: Keys): object | undefined {
  if (apiKeys.length + adminKeys.length === 0) return undefined;
  return {
    bearer: { type: 'http', scheme: 'bearer', description: 'the key; or in X-Api-Key, not both' },
    apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key', description: 'the key; or as bearer, not both' },
  };
}

/** @returns the same paths, each operation that needs a key saying so. */
export function secured<T extends Item>(paths: Readonly<Record<string, T>>, { apiKeys, adminKeys }: Keys): object {
  const needsKey = (path: string) => {
    const scope = scopeOf(path);
    return scope !== 'open' && (scope === 'admin' ? adminKeys : apiKeys).length > 0;
  };
  const item = (path: string, operations: T): object =>
    needsKey(path)
      ? Object.fromEntries(Object.entries(operations).map(([method, one]) => [method, { ...one, security: either }]))
      : operations;
  return Object.fromEntries(Object.entries(paths).map(([path, operations]) => [path, item(path, operations)]));
}
