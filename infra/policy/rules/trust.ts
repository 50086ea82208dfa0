// Who may become an identity, and who may read what is ours: named ones, compared by value.
import type { Finding, Judged, JudgedInStack, Rule } from '../rule.ts';
import { at, type Fields, isFields, listed, parsedJson, shown, unknown, type Value } from '../value.ts';
import { conditionFault, expectedCondition } from './claims.ts';

export const noWildcardTrust: Rule = {
  enforcement: 'mandatory',
  reason: 'A pattern in a trust lets in who was not thought of: a fork, a branch, a repository of the same name.',
  pages: [
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html',
    'https://docs.github.com/actions/reference/security/oidc',
    'https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions',
    'https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations',
  ],
  mend: 'compare the whole subject and the ids of repository and owner by equality, one value for each workflow that may',
  resource: (one) => trustJudges[one.type]?.(one) ?? [],
};

export const noPublicGrant: Rule = {
  enforcement: 'mandatory',
  reason: 'What everybody on the internet may do is one thing: to call a service that is meant to be public.',
  pages: [
    'https://cloud.google.com/iam/docs/principals-overview#all-users',
    'https://cloud.google.com/run/docs/authenticating/public',
    'https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html',
  ],
  mend: 'name the accounts; a service that is to be called by all says `exposure: public` in its stack file',
  resource: publicGrants,
  stack: callersOfPrivateServices,
};

function roleTrust({ inputs }: Judged): readonly Finding[] {
  const path = 'assumeRolePolicy';
  const document = parsedJson(at(inputs, path));
  if (document === unknown) return [{ path, expected: 'named principals', found: shown(unknown), isUnknown: true }];
  return listed(at(document, 'Statement')).flatMap((statement, index) =>
    isFields(statement) && statement.Effect === 'Allow'
      ? [
          ...everybodyIn(statement, `${path}.Statement.${index}`),
          ...federationIn(statement, `${path}.Statement.${index}`),
        ]
      : [],
  );
}

function everybodyIn(statement: Fields, path: string): readonly Finding[] {
  const { Principal: principal } = statement;
  const named = isFields(principal) ? Object.values(principal).flatMap(listed) : listed(principal);
  const broad = named.filter((one) => typeof one === 'string' && one.includes('*'));
  return broad.length === 0 && statement.NotPrincipal === undefined
    ? []
    : [
        {
          path: `${path}.Principal`,
          expected: 'principals by name',
          found: shown(broad.length > 0 ? broad : 'NotPrincipal'),
        },
      ];
}

function federationIn(statement: Fields, path: string): readonly Finding[] {
  const federated = listed(at(statement, 'Principal.Federated')).filter((one) => typeof one === 'string');
  if (!federated.some((one) => one.includes('oidc-provider/'))) return [];
  const conditions = isFields(statement.Condition) ? statement.Condition : {};
  const compared = Object.entries(conditions).flatMap(([operator, keys]) =>
    isFields(keys) ? Object.entries(keys).map(([key, value]) => ({ operator, key, values: listed(value) })) : [],
  );
  const exact = (claim: string) =>
    compared.some(({ operator, key }) => operator === 'StringEquals' && key.endsWith(`:${claim}`));
  return [
    ...['aud', 'sub'].flatMap((claim) =>
      exact(claim)
        ? []
        : [
            {
              path: `${path}.Condition.StringEquals`,
              expected: `the claim \`${claim}\`, by equality`,
              found: 'nothing',
            },
          ],
    ),
    ...compared.flatMap(({ operator, key, values }) =>
      /^ForAllValues:|IfExists$/.test(operator) || (/Like$/.test(operator) && values.some(isPattern))
        ? [
            {
              path: `${path}.Condition.${operator}`,
              expected: 'StringEquals, which an absent claim never passes',
              found: `\`${key}\` ${shown([...values])}`,
            },
          ]
        : [],
    ),
  ];
}

function isPattern(value: Value): boolean {
  return typeof value === 'string' && /[*?]/.test(value);
}

function poolProvider({ inputs }: Judged): readonly Finding[] {
  const path = 'attributeCondition';
  const condition = at(inputs, path);
  if (condition === unknown) return [{ path, expected: expectedCondition, found: shown(unknown), isUnknown: true }];
  if (at(inputs, 'oidc') === undefined) return [];
  const fault = typeof condition === 'string' ? conditionFault(condition) : shown(condition);
  return fault === undefined ? [] : [{ path, expected: expectedCondition, found: fault }];
}

function federatedCredential({ inputs }: Judged): readonly Finding[] {
  return ['subject', 'claimsMatchingExpression.value'].flatMap((path) => {
    const value = at(inputs, path);
    return typeof value === 'string' && value.includes('*')
      ? [{ path, expected: 'one exact subject', found: shown(value) }]
      : [];
  });
}

function poolMembers({ inputs }: Judged): readonly Finding[] {
  return members(inputs)
    .filter(({ value }) => typeof value === 'string' && /^principalSet:\/\/.*\/\*$/.test(value))
    .map(({ path, value }) => ({ path, expected: 'principal://…/subject/<subject>', found: shown(value) }));
}

const trustJudges: Readonly<Record<string, (one: Judged) => readonly Finding[]>> = {
  'aws:iam/role:Role': roleTrust,
  'gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider': poolProvider,
  'gcp:serviceaccount/iAMMember:IAMMember': poolMembers,
  'gcp:serviceaccount/iAMBinding:IAMBinding': poolMembers,
  'azure-native:managedidentity:FederatedIdentityCredential': federatedCredential,
};

interface Member {
  readonly path: string;
  readonly value: Value;
}

function members(inputs: Value): readonly Member[] {
  const one = at(inputs, 'member');
  const alone: readonly Member[] = one === undefined ? [] : [{ path: 'member', value: one }];
  return [
    ...alone,
    ...listed(at(inputs, 'members')).map((value, index): Member => ({ path: `members.${index}`, value })),
  ];
}

const everybody = (value: Value) => value === 'allUsers' || value === 'allAuthenticatedUsers';
const invokerTypes = [
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
  'gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding',
];
const isInvoker = ({ type, inputs }: Judged) =>
  invokerTypes.includes(type) && at(inputs, 'role') === 'roles/run.invoker';

function publicGrants(one: Judged): readonly Finding[] {
  if (one.type.startsWith('gcp:')) {
    return members(one.inputs)
      .filter(({ value }) => everybody(value) && !isInvoker(one))
      .map(({ path, value }) => ({ path, expected: 'accounts by name', found: shown(value) }));
  }
  return one.type === 'aws:ecr/repositoryPolicy:RepositoryPolicy' || one.type === 'aws:s3/bucketPolicy:BucketPolicy'
    ? listed(at(parsedJson(at(one.inputs, 'policy')), 'Statement')).flatMap((statement, index) =>
        isFields(statement) && statement.Effect === 'Allow' && !namesWho(statement.Condition)
          ? everybodyIn(statement, `policy.Statement.${index}`)
          : [],
      )
    : [];
}

/** Others say how or when and let everybody in: https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status */
const whoKeys =
  /^aws:(Principal(Account|Arn|OrgID|OrgPaths)|Source(Account|Arn|Ip|OrgID|OrgPaths|Owner|Vpc|Vpce)|userid)$/i;

function namesWho(condition: Value | undefined): boolean {
  if (!isFields(condition)) return false;
  return Object.entries(condition).some(
    ([operator, keys]) =>
      /^(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)$/.test(operator) &&
      isFields(keys) &&
      Object.entries(keys).some(([key, value]) => whoKeys.test(key) && listed(value).every((one) => one !== '*')),
  );
}

/** Everybody may call a service that is public, and only that. */
function callersOfPrivateServices(all: readonly JudgedInStack[]): readonly (Finding & { readonly urn: string })[] {
  const services = all.filter(({ type }) => type === 'gcp:cloudrunv2/service:Service');
  return all.filter(isInvoker).flatMap(({ urn, inputs }) => {
    const open = members(inputs).find(({ value }) => everybody(value));
    const service = services.find((one) => at(one.inputs, 'name') === at(inputs, 'name'));
    const ingress = at(service?.inputs, 'ingress');
    return open === undefined || ingress === undefined || ingress === unknown || ingress === 'INGRESS_TRAFFIC_ALL'
      ? []
      : [{ urn, path: open.path, expected: 'accounts by name: the service is private', found: shown(open.value) }];
  });
}
