// How each cloud decides about a token, given what we render for it: AWS's operators, Google's condition language, Azure's exact match.
import { Environment } from '@marcbachmann/cel-js';
import type { FederatedCredential } from '../../clouds/azure/trust.ts';
import type { Claims } from './oidc-tokens.ts';

export type AwsConditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

/** As a role holds it; widened ones too. */
export interface AwsPolicy {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Principal: { readonly Federated: string };
    readonly Action: string;
    readonly Condition: AwsConditions;
  }[];
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
export function awsAllows(policy: AwsPolicy, claims: Claims): boolean {
  const host = String(claims.iss).replace('https://', '');
  return policy.Statement.some(
    ({ Effect, Principal, Action, Condition }) =>
      Effect === 'Allow' &&
      Action === 'sts:AssumeRoleWithWebIdentity' &&
      Principal.Federated.endsWith(`:oidc-provider/${host}`) &&
      Object.entries(Condition).every(([operator, keys]) =>
        Object.entries(keys).every(([key, wanted]) =>
          awsMatches(operator, claims[key.replace(`${host}:`, '')], wanted),
        ),
      ),
  );
}

function awsMatches(
  operator: string,
  found: string | readonly string[] | undefined,
  wanted: string | readonly string[],
): boolean {
  const [, set, compare] = /^(?:(ForAllValues|ForAnyValue):)?(StringEquals|StringLike)$/.exec(operator) ?? [];
  if (compare === undefined) throw new TypeError(`operator ${operator} is not known here`);
  const one = (value: string) =>
    [wanted].flat().some((pattern) => (compare === 'StringEquals' ? value === pattern : like(pattern).test(value)));
  // The trap: of no values, all are anything.
  if (set === 'ForAllValues') return [found ?? []].flat().every(one);
  if (set === 'ForAnyValue') return [found ?? []].flat().some(one);
  // An absent key is no match, and a list is none for an operator of single values.
  return typeof found === 'string' && one(found);
}

function like(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}

export interface GcpTrust {
  readonly issuer: string;
  readonly audience: string;
  readonly mapping: Readonly<Record<string, string>>;
  readonly condition: string;
  readonly pool: string;
  /** Who may act as the service account. */
  readonly members: readonly string[];
}

const cel = new Environment().registerVariable('assertion', 'map');

/** https://cloud.google.com/iam/docs/workload-identity-federation#mapping; an expression that errs refuses. */
export function gcpAllows(trust: GcpTrust, claims: Claims): boolean {
  if (claims.iss !== trust.issuer || claims.aud !== trust.audience) return false;
  try {
    if (cel.evaluate(trust.condition, { assertion: claims }) !== true) return false;
    const subject: unknown = cel.evaluate(trust.mapping['google.subject'] ?? '', { assertion: claims });
    if (typeof subject !== 'string' || subject === '' || Buffer.byteLength(subject) > 127) return false;
    return trust.members.includes(`principal://iam.googleapis.com/${trust.pool}/subject/${subject}`);
  } catch (error) {
    if (error instanceof Error && error.name === 'EvaluationError') return false;
    throw error;
  }
}

/** https://learn.microsoft.com/entra/workload-id/workload-identity-federation: issuer, subject and audience, exactly, case and all. */
export function azureAllows(credentials: readonly FederatedCredential[], claims: Claims): boolean {
  return credentials.some(
    ({ issuer, subject, audiences }) =>
      claims.iss === issuer &&
      claims.sub === subject &&
      typeof claims.aud === 'string' &&
      audiences.includes(claims.aud),
  );
}
