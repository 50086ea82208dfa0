// What AWS's Secrets Manager holds in the emulated account, and how a container's settings name one of them, or a part of one.

/** Values by the secret's ARN. */
export type Secrets = Map<string, string>;

export type Resolved =
  | { readonly variables: Readonly<Record<string, string>> }
  /** In a person's words: which secret, for which variable. */
  | { readonly missing: string };

/** @param references by the variables that hold them. */
export function resolved(secrets: ReadonlyMap<string, string>, references: Readonly<Record<string, string>>): Resolved {
  const values = Object.entries(references).map(([name, reference]) => ({
    name,
    reference,
    value: secretValue(secrets, reference),
  }));
  const missing = values.filter(({ value }) => value === undefined);
  if (missing.length > 0) {
    const names = missing.map(({ name, reference }) => `${name} from ${reference}`).join(', ');
    return { missing: `${names}: the emulated account holds none` };
  }
  return { variables: Object.fromEntries(values.map(({ name, value = '' }) => [name, value])) };
}

/**
 * @param reference a secret's ARN, or `<arn>:<json key>:<stage>:<version>`:
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
 * @returns undefined where the account holds none.
 */
export function secretValue(secrets: ReadonlyMap<string, string>, reference: string): string | undefined {
  const parts = reference.split(':');
  const whole = secrets.get(parts.slice(0, 7).join(':'));
  const [key = ''] = parts.slice(7);
  if (whole === undefined || key === '') return whole;
  const document: unknown = JSON.parse(whole);
  const value = (document as Readonly<Record<string, unknown>>)[key];
  return value === undefined ? undefined : String(value);
}
