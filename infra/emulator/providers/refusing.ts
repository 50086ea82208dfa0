// Clouds that refuse: what an account without a right, a quota, a region or time meets, in the vendors' own words, switched on as a fault.
import type { Cloud } from '../../contract/stack.ts';
import { type Properties, text } from '../engine/property.ts';
import {
  CloudRefusal,
  HalfMadeResource,
  type ProviderDefinition,
  type ResourceModel,
} from '../engine/resource-model.ts';

export const refusalReasons = [
  'missing-permission',
  'expired-credential',
  'quota',
  'name-taken',
  'soft-deleted',
  /** The resource is made, and the provider gave up waiting before it heard so. */
  'time-out',
  'region',
] as const;
export type RefusalReason = (typeof refusalReasons)[number];

/** From now on this cloud does not create resources of that type, or any; with an expired credential it answers nothing at all. */
export interface RefusalFault {
  readonly cloud: Cloud;
  readonly why: RefusalReason;
  /** The end of a Pulumi type, `Service` or `s3/bucket:Bucket`; left out: each. */
  readonly type?: string;
}

const cloudsOfProviders: Readonly<Record<string, Cloud>> = { aws: 'aws', gcp: 'gcp', 'azure-native': 'azure' };

/** The same provider, which asks before each call what is switched on. */
export function refusing(definition: ProviderDefinition, faults: () => readonly RefusalFault[]): ProviderDefinition {
  const cloud = cloudsOfProviders[definition.name];
  if (cloud === undefined) return definition;
  const reasonFor = (type: string): RefusalReason | undefined =>
    faults().find((fault) => fault.cloud === cloud && (fault.type === undefined || type.endsWith(fault.type)))?.why;
  const resources = Object.entries(definition.resources).map(([type, model]): [string, ResourceModel] => [
    type,
    refusingModel(model, cloud, type, () => reasonFor(type)),
  ]);
  return { ...definition, resources: Object.fromEntries(resources) };
}

function refusingModel(
  model: ResourceModel,
  cloud: Cloud,
  type: string,
  reason: () => RefusalReason | undefined,
): ResourceModel {
  const refuseExpired = () => {
    if (reason() === 'expired-credential') throw new CloudRefusal(words[cloud]['expired-credential'](type, ''));
  };
  return {
    ...model,
    async create(inputs, context) {
      const why = reason();
      if (why === undefined) return model.create(inputs, context);
      const sentence = words[cloud][why](type, nameIn(inputs) ?? context.name);
      if (why !== 'time-out') throw new CloudRefusal(sentence);
      const { id, outputs } = await model.create(inputs, context);
      // Google's provider forgets the id of what it did not see finished; the others record what there is.
      throw cloud === 'gcp' ? new CloudRefusal(sentence) : new HalfMadeResource(id, outputs, sentence);
    },
    async read(id, inputs, context) {
      refuseExpired();
      return model.read(id, inputs, context);
    },
    async update(id, inputs, context, previous) {
      refuseExpired();
      return model.update(id, inputs, context, previous);
    },
    async delete(id, inputs, context) {
      refuseExpired();
      return model.delete(id, inputs, context);
    },
  };
}

function nameIn(inputs: Properties): string | undefined {
  const keys = ['name', 'serviceName', 'bucket', 'registryName', 'repositoryId', 'accountId', 'vaultName'];
  return keys.map((key) => text(inputs, key)).find((found) => found !== undefined);
}

type Words = Readonly<Record<RefusalReason, (type: string, name: string) => string>>;

/** `aws:apprunner/service:Service` → `apprunner` and `Service`. */
function partsOf(type: string): { readonly service: string; readonly kind: string } {
  const [, module = '', kind = ''] = type.split(':');
  return { service: module.split('/')[0] ?? module, kind };
}

/** As the providers print them: the SDKs' and the APIs' own sentences. Pages: `infra/pulumi/refusals.ts`. */
const words: Readonly<Record<Cloud, Words>> = {
  aws: {
    'missing-permission': (type, name) => {
      const { service, kind } = partsOf(type);
      return `creating ${kind} (${name}): operation error ${kind}: Create${kind}, https response error StatusCode: 400, RequestID: 3f4a1c7e-emulated, AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/trireme-deploy-dev/run is not authorized to perform: ${service}:Create${kind} on resource: * because no identity-based policy allows the ${service}:Create${kind} action`;
    },
    'expired-credential': () =>
      'operation error STS: GetCallerIdentity, https response error StatusCode: 403, RequestID: 3f4a1c7e-emulated, api error ExpiredToken: The security token included in the request is expired',
    quota: (type, name) =>
      `creating ${partsOf(type).kind} (${name}): https response error StatusCode: 400, RequestID: 3f4a1c7e-emulated, ServiceQuotaExceededException: The maximum number of resources of this account is reached.`,
    'name-taken': (_type, name) =>
      `creating S3 Bucket (${name}): operation error S3: CreateBucket, https response error StatusCode: 409, BucketAlreadyExists: The requested bucket name is not available.`,
    'soft-deleted': (_type, name) =>
      `creating Secrets Manager Secret (${name}): operation error Secrets Manager: CreateSecret, https response error StatusCode: 400, InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.`,
    'time-out': (type, name) =>
      `waiting for ${partsOf(type).kind} (${name}) create: timeout while waiting for state to become 'RUNNING' (last state: 'OPERATION_IN_PROGRESS', timeout: 20m0s)`,
    region: (type) =>
      `operation error ${partsOf(type).kind}: https response error StatusCode: 0, request send failed, Post "https://${partsOf(type).service}.eu-south-2.amazonaws.com/": dial tcp: lookup ${partsOf(type).service}.eu-south-2.amazonaws.com: no such host`,
  },
  gcp: {
    'missing-permission': (type, name) => {
      const { service, kind } = partsOf(type);
      const api = service === 'cloudrunv2' ? 'run' : service;
      return `Error creating ${kind}: googleapi: Error 403: Permission '${api}.${kind.toLowerCase()}s.create' denied on resource '${name}' (or resource may not exist).`;
    },
    'expired-credential': (type) =>
      `Error when reading or editing ${partsOf(type).kind}: oauth2: "invalid_grant" "reauth related error (invalid_rapt)"`,
    quota: (type) =>
      `Error creating ${partsOf(type).kind}: googleapi: Error 429: Quota exceeded for total allowable CPU per project per region., rateLimitExceeded`,
    'name-taken': (_type, name) =>
      `googleapi: Error 409: The requested bucket name is not available. The bucket namespace is shared by all users of the system: ${name}., conflict`,
    'soft-deleted': () => 'Error creating WorkloadIdentityPool: googleapi: Error 409: Requested entity already exists',
    'time-out': (type) =>
      `Error waiting to create ${partsOf(type).kind}: Error waiting for Creating ${partsOf(type).kind}: timeout while waiting for state to become 'done: true' (last state: 'done: false', timeout: 20m0s)`,
    region: (type) =>
      `Error creating ${partsOf(type).kind}: googleapi: Error 403: Permission denied on 'locations/europe-west99' (or it may not exist).`,
  },
  azure: {
    'missing-permission': (type, name) => {
      const { service, kind } = partsOf(type);
      const action = `Microsoft.${service.charAt(0).toUpperCase()}${service.slice(1)}/${kind}/write`;
      return `Status=403 Code="AuthorizationFailed" Message="The client '00000000-0000-4000-8000-000000000009' with object id '00000000-0000-4000-8000-000000000009' does not have authorization to perform action '${action}' over scope '${name}' or the scope is invalid."`;
    },
    'expired-credential': () =>
      'Status=401 Code="ExpiredAuthenticationToken" Message="The access token expiry UTC time is earlier than current UTC time."',
    quota: () =>
      'Status=401 Code="Unauthorized" Message="This region has quota of 0 instances for your subscription. Operation cannot be completed without additional quota."',
    'name-taken': (_type, name) =>
      `Status=409 Code="Conflict" Message="Website with given name ${name} already exists."`,
    'soft-deleted': () =>
      'Status=409 Code="ConflictError" Message="A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault."',
    'time-out': (type, name) =>
      `creating ${partsOf(type).kind} (${name}): polling after CreateOrUpdate: context deadline exceeded`,
    region: (type) =>
      `Status=400 Code="LocationNotAvailableForResourceType" Message="The provided location 'polandcentral' is not available for resource type '${partsOf(type).kind}'."`,
  },
};
