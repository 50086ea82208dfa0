// What a registry's `WWW-Authenticate` header asks for: https://distribution.github.io/distribution/spec/auth/token/

export interface Challenge {
  readonly scheme: string;
  /** `realm`, `service`, `scope` */
  readonly parameters: Readonly<Record<string, string>>;
}

export function parseChallenge(header: string): Challenge {
  const [scheme = ''] = header.split(' ', 1);
  const pairs = [...header.matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, name = '', value = '']) => [name, value]);
  return { scheme: scheme.toLowerCase(), parameters: Object.fromEntries(pairs) };
}
