// What the vendors' refusals mean: a closed table from their own wordings to what it is, why, and the way on. Anything else keeps its words.

/** The kinds of refusal that no other release changes. */
export const refusalKinds = [
  'missing-permission',
  'expired-credential',
  'quota',
  'name-taken',
  'exists-already',
  'in-use',
  'soft-deleted',
  'time-out',
  'region',
  'not-switched-on',
  'new-account',
] as const;
export type RefusalKind = (typeof refusalKinds)[number];

export interface Refusal {
  readonly kind: RefusalKind;
  /** In a few words. */
  readonly what: string;
  /** What it is about, out of the vendor's sentence: an action, a name, a place. */
  readonly why: string;
  /** What to do next: one sentence or one command. */
  readonly mend: string;
}

/** @returns `undefined` for words that are not known. @param stack for the commands of the way on. */
export function refusalOf(sentence: string, stack: string): Refusal | undefined {
  for (const { kind, words, mend } of wordings) {
    const found = words.exec(sentence);
    if (found === null) continue;
    const why = found.slice(1).find((group) => group !== undefined) ?? found[0];
    return { kind, what: titles[kind], why, mend: mend(why, stack) };
  }
  return undefined;
}

/** One line: what it is, the vendor's words without the number of the request, the way on. */
export function lineOf({ what, mend }: Refusal, sentence: string): string {
  const said = sentence
    .replace(/,? ?\b(RequestID|request id|Correlation ?ID|Activity ?ID|Timestamp): [\w:.-]+,?/gi, '')
    .replace(/\s+/g, ' ')
    .trim();
  return `${what}: ${said.length > 400 ? `${said.slice(0, 399)}…` : said} (${mend})`;
}

const titles: Readonly<Record<RefusalKind, string>> = {
  'missing-permission': 'this login lacks a right',
  'expired-credential': 'the login has expired',
  quota: 'a quota is used up',
  'name-taken': 'somebody else has that name',
  'exists-already': 'it exists already, and the state of this stack does not know it',
  'in-use': 'something else still uses it',
  'soft-deleted': 'what was deleted still holds that name',
  'time-out': 'the cloud did not finish in time',
  region: 'not offered in that region',
  'not-switched-on': 'not switched on in this account',
  'new-account': 'not sold to new accounts',
};

interface Wording {
  readonly kind: RefusalKind;
  /** The first group, where there is one, is what it is about. */
  readonly words: RegExp;
  mend(why: string, stack: string): string;
}

const cloudOf = (stack: string): string => stack.split('-')[0] ?? '';
const grant = (action: string, stack: string): string =>
  `npx trireme bootstrap ${cloudOf(stack)} as an administrator brings up ${cloudOf(stack)}-foundation with what infra/clouds/${cloudOf(stack)}/grant-list.ts names; a right that is not in that list (${action}) is granted by hand`;
const adopt = (_why: string, stack: string): string => `npx trireme recover ${stack}`;
const rename = 'its name is one for the whole world: choose another, or take it back from who has it';

/** The first that fits is meant: what is narrower stands first. */
const wordings: readonly Wording[] = [
  // https://docs.aws.amazon.com/apprunner/latest/dg/apprunner-availability-change.html
  {
    kind: 'new-account',
    words: /AppRunner: CreateService.*(?:new customers|needs a subscription|OptInRequired|SubscriptionRequired)/s,
    mend: () =>
      'App Runner takes no accounts that were not its customers before 2026-04-30: set `runtime: ecs-express` in the stack file',
  },

  // The login: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
  {
    kind: 'expired-credential',
    words:
      /ExpiredToken(?:Exception)?|RequestExpired|SSO session (?:associated with this profile )?has expired|security token included in the request is expired/i,
    mend: () => 'aws sso login, or renew the keys in the environment; in a workflow start the job again',
  },
  // https://developers.google.com/identity/protocols/oauth2/web-server#exchange-errors-invalid-grant
  {
    kind: 'expired-credential',
    words: /invalid_grant|reauth(?:entication)? (?:is needed|failed)|Request had invalid authentication credentials/i,
    mend: () => 'gcloud auth application-default login; in a workflow start the job again',
  },
  // https://learn.microsoft.com/entra/identity-platform/reference-error-codes
  {
    kind: 'expired-credential',
    words: /ExpiredAuthenticationToken|AADSTS(?:50173|70008|700082|700084|50078|700024)\b|The access token expiry/,
    mend: () => 'az login; in a workflow start the job again',
  },

  // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
  {
    kind: 'missing-permission',
    words: /is not authorized to perform: ([\w-]+:[\w*]+)/,
    mend: grant,
  },
  {
    kind: 'missing-permission',
    words: /operation error ([\w ]+: \w+), .*(?:UnauthorizedOperation|AccessDenied)/s,
    mend: grant,
  },
  // https://cloud.google.com/iam/docs/troubleshoot-policies
  {
    kind: 'region',
    words: /Permission denied on 'locations\/([\w-]+)' \(or it may not exist\)/,
    mend: (place) => `correct \`region\` in the stack file (${place}): gcloud run regions list`,
  },
  {
    kind: 'missing-permission',
    words: /Permission ["']([\w.]+)["'] denied|does not have (\w+\.[\w.]+) access/i,
    mend: grant,
  },
  { kind: 'missing-permission', words: /Required ["']([\w.]+)["'] permission/, mend: grant },
  // https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
  {
    kind: 'missing-permission',
    words: /(?:AuthorizationFailed|LinkedAuthorizationFailed).*?perform action(?:\(s\))? '([\w./]+)'/s,
    mend: grant,
  },

  // https://cloud.google.com/service-usage/docs/enable-disable
  {
    kind: 'not-switched-on',
    words:
      /API \[?(\w+\.googleapis\.com)\]? (?:not enabled|has not been used)|(?:has not been used in project \S+ before or it is disabled).*?api\/(\w+\.googleapis\.com)/s,
    mend: (api) => `gcloud services enable ${api.includes('.googleapis.com') ? api : 'run.googleapis.com'}`,
  },
  {
    kind: 'not-switched-on',
    words: /MissingSubscriptionRegistration.*?namespace '([\w.]+)'/s,
    mend: (namespace) => `az provider register --namespace ${namespace}`,
  },
  {
    kind: 'not-switched-on',
    words: /BILLING_DISABLED|requires billing to be enabled/,
    mend: () => 'link a billing account to the project',
  },

  // What was deleted and holds its name: https://learn.microsoft.com/azure/key-vault/general/soft-delete-overview
  {
    kind: 'soft-deleted',
    words: /vault with the same name already exists in deleted state|recently deleted but not purged/,
    mend: () =>
      'az keyvault list-deleted, then az keyvault purge --name NAME; to keep it az keyvault recover --name NAME',
  },
  // https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_restore-secret.html
  {
    kind: 'soft-deleted',
    words: /secret with this name is already scheduled for deletion/,
    mend: (_why, stack) => `aws secretsmanager restore-secret --secret-id NAME, then npx trireme recover ${stack}`,
  },
  // https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers#undelete-pool
  {
    kind: 'soft-deleted',
    words: /creating (WorkloadIdentityPool(?:Provider)?): .*already exists/s,
    mend: (what, stack) =>
      `gcloud iam workload-identity-pools ${what.endsWith('Provider') ? 'providers ' : ''}undelete ID --location global, then npx trireme recover ${stack}; a deleted one keeps its id for 30 days`,
  },
  // https://cloud.google.com/sql/docs/postgres/delete-instance
  {
    kind: 'soft-deleted',
    words: /When you delete an instance, you can't reuse the name/,
    mend: () => 'choose another name, or wait a week: Cloud SQL gives no deleted name back sooner',
  },
  {
    kind: 'soft-deleted',
    words: /role_id \(?([\w.]+)\)? which has been marked for deletion/,
    mend: (role) => `gcloud iam roles undelete ${role} --project PROJECT`,
  },

  // Quotas: https://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html
  {
    kind: 'quota',
    words: /\b(ServiceQuotaExceeded\w*|LimitExceeded\w*|TooManyBuckets|[A-Z]\w*LimitExceeded(?:Exception|Fault)?)\b/,
    mend: () => 'ask for more under Service Quotas in the console, or delete what is not needed',
  },
  // https://cloud.google.com/docs/quotas/troubleshoot
  {
    kind: 'quota',
    words: /[Qq]uota exceeded for ([^.,]+)|RESOURCE_EXHAUSTED|quotaExceeded|Quota '([\w-]+)' exceeded/,
    mend: () => 'ask for more under IAM & Admin, Quotas, or lower `maxInstances` in the stack file',
  },
  // https://learn.microsoft.com/azure/quotas/quotas-overview
  {
    kind: 'quota',
    words:
      /QuotaExceeded|ConflictingUserInput|without additional quota|exceeding approved .*?quota|SubscriptionIsOverQuotaForSku/i,
    mend: () => 'ask for more under Quotas in the portal, or choose a smaller size or another region in the stack file',
  },

  // What goes is still needed: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html,
  // https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannels/delete
  {
    kind: 'in-use',
    words:
      /Cannot delete .*? because it is (?:currently )?in use(?: by ([\w ]+))?|DependencyViolation|DeleteConflict\w*|ResourceInUse\w*|resourceInUseByAnotherResource|InUse\w+CannotBeDeleted/,
    mend: () =>
      'it stays until nothing uses it: stacks let go of it with their next release (release, deploy, promote); then the same command again',
  },

  // Names: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
  { kind: 'name-taken', words: /BucketAlreadyExists\b|requested bucket name is not available/, mend: () => rename },
  // https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
  {
    kind: 'name-taken',
    words:
      /(registry DNS name \S+ is already in use)|StorageAccountAlreadyTaken|VaultAlreadyExists|ServerNameAlreadyExists|(Website with given name \S+ already exists)|Hostname '?(\S+?)'? already exists/,
    mend: () => rename,
  },
  {
    kind: 'exists-already',
    words:
      /BucketAlreadyOwnedByYou|(\w+AlreadyExists(?:Exception|Fault)?)\b|EntityAlreadyExists|ResourceExistsException|ResourceConflictException|(?:Error )?409: .*already exists|ALREADY_EXISTS|cannot create already existing resource|already exists (?:in cluster|and must be imported|within project)|Service with the provided name already exists/s,
    mend: adopt,
  },

  // Places: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-sku-not-available
  {
    kind: 'region',
    words:
      /location '([\w-]+)' is not available for resource type|SkuNotAvailable|(?:LocationNotAvailableForResourceType|RequestDisallowedByAzure)/,
    mend: () =>
      'choose another `region` in the stack file: az appservice list-locations --linux-workers-enabled --sku B1',
  },
  {
    kind: 'region',
    words: /lookup (\w+\.[a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com.*no such host/s,
    mend: () =>
      'the service is not in every region (https://docs.aws.amazon.com/general/latest/gr/apprunner.html): choose another `region` in the stack file; or is the network away?',
  },

  // The providers' own limits.
  {
    kind: 'time-out',
    words: /timeout while waiting for ([^(;]+?)(?: \(|;|$)|context deadline exceeded|timed out waiting/i,
    mend: (_why, stack) =>
      `it may still be at it: run the same command again; npx trireme recover ${stack} takes in what was made meanwhile`,
  },
];
