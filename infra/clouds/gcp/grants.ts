// What a deploy account on Google Cloud may do: the permissions of its custom role, each with what needs it.
import type { DeployIdentity } from '../../contract/service.ts';
import { actionsOf, deployers, type Grant } from '../grants.ts';

export interface GcpGrant extends Grant {
  /** Bound in the project, or on one resource: the repository of images, the bucket of Pulumi's state. */
  readonly where: 'project' | 'repository' | 'state-bucket';
  readonly reason: string;
}

const permissions = 'https://cloud.google.com/iam/docs/roles-permissions';

export const grants: readonly GcpGrant[] = [
  {
    for: ['publish'],
    reason: 'images are pushed once and read back by digest',
    reads: ['artifactregistry.repositories.downloadArtifacts'],
    writes: ['artifactregistry.repositories.uploadArtifacts', 'artifactregistry.tags.create'],
    writers: ['deploy-dev'],
    where: 'repository',
    source: 'https://cloud.google.com/artifact-registry/docs/access-control',
  },
  {
    for: ['gcp:cloudrunv2/service:Service', 'prove'],
    reason: 'the service, its revisions, and the long operation of each change',
    reads: [
      'run.locations.list',
      'run.operations.get',
      'run.revisions.get',
      'run.revisions.list',
      'run.services.get',
      'run.services.list',
    ],
    writes: ['run.revisions.delete', 'run.services.create', 'run.services.delete', 'run.services.update'],
    writers: deployers,
    where: 'project',
    source: `${permissions}/run`,
  },
  {
    for: ['gcp:cloudrunv2/service:Service'],
    reason: 'Cloud Run checks that whoever deploys may read the image and act as the account the container runs as',
    reads: [],
    writes: ['iam.serviceAccounts.actAs'],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/run/docs/reference/iam/roles#additional-configuration',
  },
  {
    for: ['gcp:cloudrunv2/serviceIamMember:ServiceIamMember'],
    reason: 'a public service lets everybody in',
    reads: ['run.services.getIamPolicy'],
    writes: ['run.services.setIamPolicy'],
    writers: deployers,
    where: 'project',
    source: `${permissions}/run`,
  },
  {
    for: ['gcp:serviceaccount/account:Account'],
    reason: 'the account a container runs as',
    reads: ['iam.serviceAccounts.get'],
    writes: ['iam.serviceAccounts.create', 'iam.serviceAccounts.delete', 'iam.serviceAccounts.update'],
    writers: deployers,
    where: 'project',
    source: `${permissions}/iam`,
  },
  {
    for: ['gcp:secretmanager/secretIamMember:SecretIamMember'],
    reason: 'the account of a container may read the secrets its stack names, and whoever deploys never does',
    reads: ['secretmanager.secrets.get', 'secretmanager.secrets.getIamPolicy'],
    writes: ['secretmanager.secrets.setIamPolicy'],
    writers: deployers,
    where: 'project',
    source: 'https://cloud.google.com/secret-manager/docs/access-control',
  },
  {
    for: ['traffic'],
    reason: 'the numbers of requests, errors and latency that a watched release is judged by',
    reads: ['monitoring.timeSeries.list'],
    writes: [],
    writers: [],
    where: 'project',
    source: `${permissions}/monitoring`,
  },
  {
    for: ['logs'],
    reason: 'trireme logs, and why a revision did not start',
    reads: ['logging.logEntries.list'],
    writes: [],
    writers: [],
    where: 'project',
    source: 'https://cloud.google.com/logging/docs/access-control',
  },
  {
    for: ['gcp:artifactregistry/repository:Repository', 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember'],
    reason: 'a foundation is changed by people; plan sees whether somebody else did',
    reads: ['artifactregistry.repositories.get', 'artifactregistry.repositories.getIamPolicy'],
    readers: ['plan'],
    writes: [],
    writers: [],
    where: 'project',
    source: 'https://cloud.google.com/artifact-registry/docs/access-control',
  },
  {
    for: ['state'],
    reason: "Pulumi's own backend",
    reads: ['storage.objects.get', 'storage.objects.list'],
    writes: ['storage.objects.create', 'storage.objects.delete', 'storage.objects.update'],
    writers: deployers,
    where: 'state-bucket',
    source: 'https://cloud.google.com/storage/docs/access-control/iam-permissions',
  },
];

/** The permissions of an identity's custom role that is bound there, sorted; none: no role is needed there. */
export function permissionsOf(identity: DeployIdentity, where: GcpGrant['where']): readonly string[] {
  const all = grants.filter((grant) => grant.where === where).flatMap((grant) => actionsOf(grant, identity));
  return [...new Set(all)].sort();
}
