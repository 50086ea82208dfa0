// What an identity may do: named actions on named resources, never everything.
import { expects, type Finding, type Judged, type Rule } from '../rule.ts';
import { at, entries, isFields, listed, parsedJson, shown, unknown, type Value } from '../value.ts';

export const noWildcardGrant: Rule = {
  enforcement: 'mandatory',
  reason: 'Whoever takes over an identity gets what it may do: each action is named, and the resource it needs.',
  pages: [
    'https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege',
    'https://cloud.google.com/iam/docs/roles-overview#basic',
    'https://learn.microsoft.com/azure/role-based-access-control/best-practices',
  ],
  mend: 'name the actions one by one and the resource they are for; a broad role becomes one that holds just these',
  resource: (one) => judges[one.type]?.(one) ?? [],
};

/**
 * Actions for which IAM knows no narrower resource than `*`, or whose list has to be read before a resource has a name.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
const withoutResource =
  /^(ecr:GetAuthorizationToken|sts:GetCallerIdentity|route53:CreateHealthCheck|[a-z0-9-]+:(List|Describe)[A-Za-z]*|cloudwatch:(GetMetric|Put|Delete|Enable|Disable)[A-Za-z]*|apprunner:Create[A-Za-z]*|ecs:(Register|Deregister)TaskDefinition|xray:Put[A-Za-z]*|tag:Get[A-Za-z]*)$/;

function policyAt(path: string): (one: Judged) => readonly Finding[] {
  return ({ inputs }) => policyFindings(at(inputs, path), path);
}

function policyFindings(value: Value | undefined, path: string): readonly Finding[] {
  const document = parsedJson(value);
  if (document === unknown) return [{ path, expected: 'named actions', found: shown(unknown), isUnknown: true }];
  if (value === undefined) return [];
  if (document === undefined) return [{ path, expected: 'a policy in JSON', found: shown(value) }];
  return listed(at(document, 'Statement')).flatMap((statement, index) =>
    isFields(statement) && statement.Effect === 'Allow'
      ? statementFindings(statement, `${path}.Statement.${index}`)
      : [],
  );
}

function statementFindings(statement: { readonly [key: string]: Value | undefined }, path: string): readonly Finding[] {
  const actions = listed(statement.Action);
  const inverted = ['NotAction', 'NotResource'].filter((key) => statement[key] !== undefined);
  const broad = actions.filter((one) => typeof one === 'string' && /[*?]/.test(one));
  const needsName = actions.filter((one) => typeof one !== 'string' || !withoutResource.test(one));
  const everything = listed(statement.Resource).filter((one) => typeof one === 'string' && isEverything(one));
  return [
    ...inverted.map((key) => ({
      path: `${path}.${key}`,
      expected: `${key.slice(3)}, which names what is allowed`,
      found: `${key}, which allows all others`,
    })),
    ...(broad.length === 0 ? [] : [{ path: `${path}.Action`, expected: 'actions by name', found: shown(broad) }]),
    ...(everything.length === 0 || needsName.length === 0
      ? []
      : [
          {
            path: `${path}.Resource`,
            expected: 'a resource by name',
            found: `${shown(everything)} for ${shown(needsName)}`,
          },
        ]),
  ];
}

/** `*`, and an ARN that names a service and nothing of it. */
function isEverything(resource: string): boolean {
  return /^\*+$/.test(resource) || /^arn:[^:]*:[^:]*:[^:]*:[^:]*:[*:/]*$/.test(resource);
}

const broadManaged =
  /:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess|job-function\/SystemAdministrator|[A-Za-z0-9-]*FullAccess)\b/;

function managedPolicy(inputs: Value, path: string): readonly Finding[] {
  return expects(
    inputs,
    path,
    'a policy for one purpose',
    (value) => typeof value !== 'string' || !broadManaged.test(value),
  );
}

/** https://cloud.google.com/iam/docs/roles-overview#basic */
const basicRoles = /^roles\/(owner|editor|iam\.securityAdmin|resourcemanager\.projectIamAdmin)$/;

function googleRole({ inputs }: Judged): readonly Finding[] {
  return expects(
    inputs,
    'role',
    'a role for one purpose',
    (value) => typeof value === 'string' && !basicRoles.test(value),
  );
}

/** https://learn.microsoft.com/azure/role-based-access-control/built-in-roles/privileged */
const broadAzureRoles: Readonly<Record<string, string>> = {
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635': 'Owner',
  'b24988ac-6180-42a0-ab88-20f7382dd24c': 'Contributor',
  '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9': 'User Access Administrator',
  'f58310d9-a9f6-439a-9e8d-f62e7b41a168': 'Role Based Access Control Administrator',
};

function azureRole({ inputs }: Judged): readonly Finding[] {
  return expects(inputs, 'roleDefinitionId', 'a role for one purpose', (value) => roleName(value) === undefined).map(
    (finding) => ({ ...finding, found: roleName(at(inputs, finding.path)) ?? finding.found }),
  );
}

function roleName(id: Value | undefined): string | undefined {
  return typeof id === 'string' ? broadAzureRoles[id.split('/').at(-1)?.toLowerCase() ?? ''] : undefined;
}

/** Reading all is what some need to show a plan; anything else with `*` is too much. */
function azureDefinition({ inputs }: Judged): readonly Finding[] {
  return entries(inputs, 'permissions').flatMap(({ path, value }) =>
    ['actions', 'dataActions'].flatMap((kind) => {
      const broad = listed(at(value, kind)).filter(
        (one) => typeof one === 'string' && one.includes('*') && !/\/read$/.test(one),
      );
      return broad.length === 0 ? [] : [{ path: `${path}.${kind}`, expected: 'actions by name', found: shown(broad) }];
    }),
  );
}

const googleGrants = [
  'gcp:projects/iAMMember:IAMMember',
  'gcp:projects/iAMBinding:IAMBinding',
  'gcp:organizations/iAMMember:IAMMember',
  'gcp:folder/iAMMember:IAMMember',
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember',
  'gcp:artifactregistry/repositoryIamBinding:RepositoryIamBinding',
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember',
  'gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding',
  'gcp:serviceaccount/iAMMember:IAMMember',
  'gcp:serviceaccount/iAMBinding:IAMBinding',
  'gcp:secretmanager/secretIamMember:SecretIamMember',
  'gcp:storage/bucketIAMMember:BucketIAMMember',
  'gcp:storage/bucketIAMBinding:BucketIAMBinding',
];

const judges: Readonly<Record<string, (one: Judged) => readonly Finding[]>> = {
  'aws:iam/policy:Policy': policyAt('policy'),
  'aws:iam/rolePolicy:RolePolicy': policyAt('policy'),
  'aws:iam/userPolicy:UserPolicy': policyAt('policy'),
  'aws:iam/rolePolicyAttachment:RolePolicyAttachment': ({ inputs }) => managedPolicy(inputs, 'policyArn'),
  'aws:iam/role:Role': ({ inputs }) => [
    ...entries(inputs, 'managedPolicyArns').flatMap(({ path }) => managedPolicy(inputs, path)),
    ...entries(inputs, 'inlinePolicies').flatMap(({ path }) =>
      policyFindings(at(inputs, `${path}.policy`), `${path}.policy`),
    ),
  ],
  ...Object.fromEntries(googleGrants.map((type) => [type, googleRole])),
  'azure-native:authorization:RoleAssignment': azureRole,
  'azure-native:authorization:RoleDefinition': azureDefinition,
};
