import { describe, expect, test } from 'vitest';
import { clouds } from '../../contract/stack.ts';
import { failureOf } from '../../pulumi/failure.ts';
import { lineOf, type RefusalKind, refusalKinds, refusalOf } from '../../pulumi/refusals.ts';

/** As the vendors and their providers print them. */
const table: readonly (readonly [RefusalKind, string, RegExp])[] = [
  [
    'missing-permission',
    'creating App Runner Service (x): operation error AppRunner: CreateService, https response error StatusCode: 400, RequestID: 1-2, AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/r/s is not authorized to perform: apprunner:CreateService on resource: *',
    /grant-list.*apprunner:CreateService/,
  ],
  [
    'missing-permission',
    'operation error EC2: CreateSecurityGroup, https response error StatusCode: 403, api error UnauthorizedOperation: You are not authorized to perform this operation.',
    /EC2: CreateSecurityGroup/,
  ],
  [
    'missing-permission',
    "Error creating Service: googleapi: Error 403: Permission 'run.services.create' denied on resource 'namespaces/p/services/s' (or resource may not exist).",
    /run\.services\.create/,
  ],
  [
    'missing-permission',
    'googleapi: Error 403: deploy@p.iam.gserviceaccount.com does not have storage.buckets.create access to the Google Cloud project.',
    /storage\.buckets\.create/,
  ],
  [
    'missing-permission',
    "googleapi: Error 403: Required 'compute.networks.get' permission for 'projects/p/global/networks/n'",
    /compute\.networks\.get/,
  ],
  [
    'missing-permission',
    `Status=403 Code="AuthorizationFailed" Message="The client 'c' with object id 'o' does not have authorization to perform action 'Microsoft.Web/sites/write' over scope '/s'"`,
    /Microsoft\.Web\/sites\/write/,
  ],
  [
    'missing-permission',
    `Code="LinkedAuthorizationFailed" Message="The client has permission to perform action 'Microsoft.Web/sites/write' on scope"`,
    /Microsoft\.Web/,
  ],
  [
    'expired-credential',
    'api error ExpiredToken: The security token included in the request is expired',
    /aws sso login/,
  ],
  ['expired-credential', 'the SSO session has expired or is invalid', /aws sso login/],
  ['expired-credential', 'oauth2: "invalid_grant" "Bad Request"', /gcloud auth application-default login/],
  [
    'expired-credential',
    'googleapi: Error 401: Request had invalid authentication credentials. Expected OAuth 2 access token',
    /gcloud auth/,
  ],
  ['expired-credential', 'Code="ExpiredAuthenticationToken" Message="The access token expiry UTC time"', /^az login/],
  ['expired-credential', 'AADSTS700082: The refresh token has expired due to inactivity.', /^az login/],
  ['quota', 'ServiceQuotaExceededException: maximum number of services', /Service Quotas/],
  ['quota', 'LimitExceeded: Cannot exceed quota for PoliciesPerRole: 10', /Service Quotas/],
  [
    'quota',
    'InvalidRequest, api error TooManyBuckets: You have attempted to create more buckets than allowed',
    /Service Quotas/,
  ],
  [
    'quota',
    'googleapi: Error 429: Quota exceeded for total allowable CPU per project per region., rateLimitExceeded',
    /maxInstances/,
  ],
  ['quota', 'Code="Unauthorized" Message="Operation cannot be completed without additional quota."', /portal/],
  ['quota', 'Code="ConflictingUserInput" Message="Cannot have more than one free plan"', /portal/],
  [
    'name-taken',
    'operation error S3: CreateBucket, StatusCode: 409, BucketAlreadyExists: The requested bucket name is not available.',
    /choose another/,
  ],
  [
    'name-taken',
    'googleapi: Error 409: The requested bucket name is not available. The bucket namespace is shared, conflict',
    /choose another/,
  ],
  [
    'name-taken',
    'Code="AlreadyInUse" Message="The registry DNS name trireme.azurecr.io is already in use."',
    /choose another/,
  ],
  ['name-taken', 'Code="Conflict" Message="Website with given name trireme-dev already exists."', /choose another/],
  [
    'exists-already',
    'BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded',
    /recover aws-dev/,
  ],
  [
    'exists-already',
    "RepositoryAlreadyExistsException: The repository with name 't' already exists in the registry",
    /recover aws-dev/,
  ],
  ['exists-already', 'EntityAlreadyExists: Role with name trireme-dev already exists.', /recover aws-dev/],
  ['exists-already', "Error creating Service: googleapi: Error 409: Resource 's' already exists.", /recover aws-dev/],
  ['exists-already', "cannot create already existing resource '/subscriptions/s/resourceGroups/g'", /recover aws-dev/],
  [
    'exists-already',
    'InvalidRequestException: Service with the provided name already exists: trireme-dev.',
    /recover aws-dev/,
  ],
  [
    'soft-deleted',
    'Error creating WorkloadIdentityPool: googleapi: Error 409: Requested entity already exists',
    /undelete/,
  ],
  [
    'soft-deleted',
    'A vault with the same name already exists in deleted state. You need to either recover or purge',
    /keyvault purge/,
  ],
  [
    'soft-deleted',
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
    /restore-secret/,
  ],
  [
    'soft-deleted',
    "Error 409: The Cloud SQL instance already exists. When you delete an instance, you can't reuse the name of the deleted instance until one week from the deletion date.",
    /wait a week/,
  ],
  [
    'soft-deleted',
    "You can't create a role_id (trireme_deploy) which has been marked for deletion.",
    /roles undelete trireme_deploy/,
  ],
  [
    'time-out',
    "waiting for Service (x) create: timeout while waiting for state to become 'RUNNING' (last state: 'X', timeout: 20m0s)",
    /run the same command again/,
  ],
  ['time-out', 'polling after CreateOrUpdate: context deadline exceeded', /recover aws-dev/],
  [
    'region',
    'Post "https://apprunner.eu-south-2.amazonaws.com/": dial tcp: lookup apprunner.eu-south-2.amazonaws.com: no such host',
    /`region`/,
  ],
  ['region', "googleapi: Error 403: Permission denied on 'locations/europe-west99' (or it may not exist).", /`region`/],
  [
    'region',
    `Code="LocationNotAvailableForResourceType" Message="The provided location 'x' is not available for resource type 'Microsoft.Web/serverFarms'."`,
    /`region`/,
  ],
  [
    'not-switched-on',
    'googleapi: Error 403: Cloud Run Admin API has not been used in project 1 before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/run.googleapis.com/overview',
    /gcloud services enable run\.googleapis\.com/,
  ],
  [
    'not-switched-on',
    `Code="MissingSubscriptionRegistration" Message="The subscription is not registered to use namespace 'Microsoft.Web'."`,
    /--namespace Microsoft\.Web/,
  ],
  [
    'in-use',
    'Error when reading or editing NotificationChannel: googleapi: Error 400: Cannot delete notification channel projects/p/notificationChannels/1 because it is in use by alert policy projects/p/alertPolicies/2.',
    /stays until nothing uses it/,
  ],
  ['in-use', 'deleting IAM Role (x): DeleteConflict: Cannot delete entity, must remove policies first.', /stays until/],
  [
    'new-account',
    'operation error AppRunner: CreateService, AccessDeniedException: AWS App Runner is not available to new customers.',
    /runtime: ecs-express/,
  ],
];

describe('what the vendors refuse, by their own words', () => {
  test.each(table)('%s: %s', (kind, sentence, mend) => {
    expect(refusalOf(sentence, 'aws-dev')).toMatchObject({ kind, mend: expect.stringMatching(mend) });
  });

  test('no kind is without words', () => {
    expect([...new Set(table.map(([kind]) => kind))].sort()).toEqual([...refusalKinds].sort());
  });

  test.each([
    'The container failed to start and listen on the port',
    'Error 400: invalid image',
    'throttled, slow down',
  ])('words that are not known stay as they are: %s', (message) => {
    const urn = 'urn:pulumi:aws-dev::trireme::aws:apprunner/service:Service::service';
    expect(refusalOf(message, 'aws-dev')).toBeUndefined();
    expect(failureOf({ stack: 'aws-dev', diagnostics: [{ urn, message }], printed: '', interrupted: false })).toEqual({
      kind: 'rejected',
      diagnostics: [`service: ${message}`],
    });
  });

  test('a refusal is one line, without the number of the request', () => {
    const sentence = 'creating X\n RequestID: 3f-4a,\n is not authorized to perform: a:B';
    const refusal = refusalOf(sentence, 'aws-dev');
    expect(refusal && lineOf(refusal, sentence)).toMatch(
      /^this login lacks a right: creating X is not authorized to perform: a:B \([^\n]+\)$/,
    );
  });

  test.each(clouds)('the way on of a missing right of %s names its foundation', (cloud) => {
    const sentence = 'is not authorized to perform: a:B';
    expect(refusalOf(sentence, `${cloud}-prod`)?.mend).toContain(`${cloud}-foundation`);
  });
});
