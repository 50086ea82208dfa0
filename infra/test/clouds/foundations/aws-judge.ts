// How IAM decides about a role's request, given the policies that are in the accounts: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import { z } from 'zod';
import { type Made, nameOf } from './made.ts';
import type { Actor } from './row.ts';

export interface AwsAsk {
  readonly action: string;
  /** An ARN. */
  readonly on: string;
  /** Whose it is, where the ARN does not say. */
  readonly account?: string;
  readonly with?: Readonly<Record<string, string>>;
}

const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
const statement = z.object({
  Effect: z.enum(['Allow', 'Deny']),
  Principal: z.union([z.literal('*'), z.record(z.string(), texts)]).optional(),
  Action: texts,
  Resource: texts.optional(),
  Condition: z.record(z.string(), z.record(z.string(), texts)).default({}),
});
type Statement = z.infer<typeof statement>;
const document = z.object({ Statement: z.array(statement) });

const parse = (text: unknown): readonly Statement[] => document.parse(JSON.parse(String(text))).Statement;

export function awsMay(made: readonly Made[], by: Actor, ask: AwsAsk): boolean {
  const ofType = (type: string) => made.filter((one) => one.type === type);
  if (by === 'container-dev') {
    const boundary = ofType('aws:iam/policy:Policy').find(({ inputs }) => inputs.name === 'trireme-dev-boundary');
    return decides(parse(boundary?.inputs.policy), ask, {});
  }
  const role = ofType('aws:iam/role:Role').find((one) => nameOf(one) === by);
  const arn = String(role?.outputs.arn);
  const context = { ...ask.with, 'aws:PrincipalArn': arn };
  const attached = ofType('aws:iam/rolePolicyAttachment:RolePolicyAttachment')
    .filter(({ inputs }) => inputs.role === role?.inputs.name)
    .map(({ inputs }) => ofType('aws:iam/policy:Policy').find(({ outputs }) => outputs.arn === inputs.policyArn));
  const inline = ofType('aws:iam/rolePolicy:RolePolicy').filter(({ inputs }) => inputs.role === role?.inputs.name);
  const own = [...inline, ...attached].flatMap((policy) => parse(policy?.inputs.policy));
  const theirs = resourcePolicies(made, ask.on);
  if ([...own, ...theirs.filter(names(arn, 'any'))].some((one) => one.Effect === 'Deny' && fits(one, ask, context)))
    return false;
  const allowedBy = (statements: readonly Statement[]) =>
    statements.some((one) => one.Effect === 'Allow' && fits(one, ask, context));
  const account = arn.split(':')[4];
  const isSame = (ask.account ?? ask.on.split(':')[4]) === account;
  if (allowedBy(theirs.filter(names(arn, 'itself')))) return isSame || allowedBy(own);
  // Trust in a role is never the role's own account's by itself; of all else the account lets its own identities decide.
  if (ask.action === 'sts:AssumeRole') return allowedBy(own) && allowedBy(theirs.filter(names(arn, 'account')));
  return allowedBy(own) && (isSame || allowedBy(theirs.filter(names(arn, 'account'))));
}

function decides(statements: readonly Statement[], ask: AwsAsk, context: Readonly<Record<string, string>>): boolean {
  const hits = statements.filter((one) => fits(one, ask, { ...ask.with, ...context }));
  return hits.some(({ Effect }) => Effect === 'Allow') && !hits.some(({ Effect }) => Effect === 'Deny');
}

function names(arn: string, how: 'itself' | 'account' | 'any') {
  const account = `arn:aws:iam::${arn.split(':')[4]}:root`;
  return ({ Principal }: Statement): boolean => {
    if (Principal === undefined) return false;
    const listed = Principal === '*' ? ['*'] : (Principal.AWS ?? []);
    const isItself = listed.includes(arn) || listed.includes('*');
    return how === 'itself' ? isItself : listed.includes(account) || (how === 'any' && isItself);
  };
}

/** Of the bucket, the repository or the role that is asked for. */
function resourcePolicies(made: readonly Made[], on: string): readonly Statement[] {
  const policies = made.flatMap(({ type, inputs, outputs }) => {
    if (type === 'aws:s3/bucketPolicy:BucketPolicy') {
      const bucket = `arn:aws:s3:::${String(inputs.bucket)}`;
      return on === bucket || on.startsWith(`${bucket}/`) ? parse(inputs.policy) : [];
    }
    if (type === 'aws:ecr/repositoryPolicy:RepositoryPolicy') {
      return on.endsWith(`:repository/${String(inputs.repository)}`) ? parse(inputs.policy) : [];
    }
    return type === 'aws:iam/role:Role' && outputs.arn === on ? parse(inputs.assumeRolePolicy) : [];
  });
  return policies;
}

function fits(
  { Action, Resource, Condition }: Statement,
  ask: AwsAsk,
  context: Readonly<Record<string, string>>,
): boolean {
  return (
    Action.some((pattern) => like(pattern).test(ask.action)) &&
    (Resource === undefined || Resource.some((pattern) => like(pattern).test(ask.on))) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => {
        const found = context[key];
        // An absent key is no match.
        return found !== undefined && wanted.some((pattern) => compares(operator, pattern, found));
      }),
    )
  );
}

function compares(operator: string, pattern: string, found: string): boolean {
  if (operator === 'StringEquals' || operator === 'Bool') return pattern === found;
  if (/^(StringLike|ArnLike|ArnEquals)$/.test(operator)) return like(pattern).test(found);
  throw new TypeError(`operator ${operator} is not known here`);
}

function like(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
