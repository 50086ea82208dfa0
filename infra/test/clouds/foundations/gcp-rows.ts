// What each identity on Google Cloud shall be able to do to another environment, to itself and to what all share.
import { accounts } from '../../../emulator/world.ts';
import type { GcpAsk } from './gcp-judge.ts';
import { always, never, type Row, whereShared } from './row.ts';

const home = accounts.gcp.project;
const account = (project: string, id: string) => ({
  project,
  at: `/serviceAccounts/${id}@${project}.iam.gserviceaccount.com`,
});
const inProject = (project: string) => ({
  project,
  resource: {
    service: 'cloudresourcemanager.googleapis.com',
    type: 'cloudresourcemanager.googleapis.com/Project',
    name: `projects/${project}`,
  },
});
const bucket = (project: string, name: string) => ({
  project,
  at: name,
  resource: {
    service: 'storage.googleapis.com',
    type: 'storage.googleapis.com/Bucket',
    name: `projects/_/buckets/${name}`,
  },
});
const object = (project: string, of: string, name: string) => ({
  project,
  at: of,
  resource: {
    service: 'storage.googleapis.com',
    type: 'storage.googleapis.com/Object',
    name: `projects/_/buckets/${of}/objects/${name}`,
  },
});
const stateBucket = `${home}-trireme-state`;
const state = (name: string) => object(home, stateBucket, `.pulumi/${name}`);
const secret = (project: string, name: string) => ({
  project,
  resource: {
    service: 'secretmanager.googleapis.com',
    type: 'secretmanager.googleapis.com/Secret',
    name: `projects/1/secrets/${name}`,
  },
});
const version = (project: string, name: string) => ({
  project,
  resource: {
    service: 'secretmanager.googleapis.com',
    type: 'secretmanager.googleapis.com/SecretVersion',
    name: `projects/1/secrets/${name}/versions/1`,
  },
});
const instance = (project: string, name: string) => ({
  project,
  resource: {
    service: 'sqladmin.googleapis.com',
    type: 'sqladmin.googleapis.com/Instance',
    name: `projects/${project}/instances/${name}`,
  },
});
const registry = { project: home, at: 'trireme' };

/** Becoming another. */
const identities: readonly Row<GcpAsk>[] = [
  always('deploy-dev', 'run a container as dev’s own account', () => ({
    permission: 'iam.serviceAccounts.actAs',
    ...account(home, 'trireme-dev'),
  })),
  always('deploy-prod', 'run a container as prod’s own account', (prod) => ({
    permission: 'iam.serviceAccounts.actAs',
    ...account(prod, 'trireme-prod'),
  })),
  never('deploy-dev', 'run a container as deploy-prod', (prod) => ({
    permission: 'iam.serviceAccounts.actAs',
    ...account(prod, 'trireme-deploy-prod'),
  })),
  never('deploy-dev', 'run a container as itself', () => ({
    permission: 'iam.serviceAccounts.actAs',
    ...account(home, 'trireme-deploy-dev'),
  })),
  never('deploy-dev', 'run a container as prod’s own account', (prod) => ({
    permission: 'iam.serviceAccounts.actAs',
    ...account(prod, 'trireme-prod'),
  })),
  never('deploy-dev', 'take a token of deploy-prod', (prod) => ({
    permission: 'iam.serviceAccounts.getAccessToken',
    ...account(prod, 'trireme-deploy-prod'),
  })),
  never('deploy-dev', 'make a key of deploy-prod', (prod) => ({
    permission: 'iam.serviceAccountKeys.create',
    ...account(prod, 'trireme-deploy-prod'),
  })),
  never('deploy-dev', 'say who may become deploy-prod', (prod) => ({
    permission: 'iam.serviceAccounts.setIamPolicy',
    ...account(prod, 'trireme-deploy-prod'),
  })),
  never('deploy-dev', 'change deploy-prod', (prod) => ({
    permission: 'iam.serviceAccounts.update',
    ...account(prod, 'trireme-deploy-prod'),
  })),
  never('deploy-dev', 'delete deploy-prod', (prod) => ({
    permission: 'iam.serviceAccounts.delete',
    ...account(prod, 'trireme-deploy-prod'),
  })),
  never('deploy-dev', 'loosen the trust in GitHub', (prod) => ({
    permission: 'iam.workloadIdentityPoolProviders.update',
    project: prod,
  })),
  never('deploy-dev', 'widen its own role', () => ({ permission: 'iam.roles.update', project: home })),
  always('deploy-dev', 'let its container use its database', () => ({
    permission: 'resourcemanager.projects.setIamPolicy',
    ...inProject(home),
    gives: ['roles/cloudsql.client'],
  })),
  never('deploy-dev', 'make itself the owner of the project', (prod) => ({
    permission: 'resourcemanager.projects.setIamPolicy',
    ...inProject(prod),
    gives: ['roles/owner'],
  })),
  never('deploy-dev', 'let itself take tokens of all accounts', (prod) => ({
    permission: 'resourcemanager.projects.setIamPolicy',
    ...inProject(prod),
    gives: ['roles/iam.serviceAccountTokenCreator'],
  })),
  never('deploy-dev', 'let its container use all buckets', () => ({
    permission: 'resourcemanager.projects.setIamPolicy',
    ...inProject(home),
    gives: ['roles/storage.objectUser'],
  })),
  never('plan', 'run a container as deploy-prod', (prod) => ({
    permission: 'iam.serviceAccounts.actAs',
    ...account(prod, 'trireme-deploy-prod'),
  })),
];

const secrets: readonly Row<GcpAsk>[] = [
  always('deploy-dev', 'read the database address of dev', () => ({
    permission: 'secretmanager.versions.access',
    ...version(home, 'trireme-dev-database-url'),
  })),
  always('deploy-dev', 'let its container read a secret of nobody’s', () => ({
    permission: 'secretmanager.secrets.setIamPolicy',
    ...secret(home, 'api-key'),
    gives: ['roles/secretmanager.secretAccessor'],
  })),
  never('deploy-dev', 'read the database address of prod', (prod) => ({
    permission: 'secretmanager.versions.access',
    ...version(prod, 'trireme-prod-database-url'),
  })),
  never('deploy-dev', 'read a secret of nobody’s', () => ({
    permission: 'secretmanager.versions.access',
    ...version(home, 'api-key'),
  })),
  never('deploy-dev', 'let its container read a secret of prod', (prod) => ({
    permission: 'secretmanager.secrets.setIamPolicy',
    ...secret(prod, 'trireme-prod-api-key'),
    gives: ['roles/secretmanager.secretAccessor'],
  })),
  never('deploy-dev', 'write the database address of prod', (prod) => ({
    permission: 'secretmanager.versions.add',
    ...secret(prod, 'trireme-prod-database-url'),
  })),
  never('deploy-dev', 'delete a secret of prod', (prod) => ({
    permission: 'secretmanager.secrets.delete',
    ...secret(prod, 'trireme-prod-database-url'),
  })),
];

const states: readonly Row<GcpAsk>[] = [
  always('deploy-dev', 'write its own state', () => ({
    permission: 'storage.objects.create',
    ...state('stacks/trireme/gcp-dev.json'),
  })),
  always('deploy-prod', 'write its own state', () => ({
    permission: 'storage.objects.create',
    ...state('stacks/trireme/gcp-prod.json'),
  })),
  always('deploy-dev', 'unlock its own stack', () => ({
    permission: 'storage.objects.delete',
    ...state('locks/organization/trireme/aws-dev/1.json'),
  })),
  always('deploy-dev', 'read what the foundation gives', () => ({
    permission: 'storage.objects.get',
    ...state('stacks/trireme/gcp-foundation.json'),
  })),
  always('deploy-dev', 'see the names of what there is', () => ({
    permission: 'storage.objects.list',
    ...bucket(home, stateBucket),
  })),
  always('plan', 'read the state of prod', () => ({
    permission: 'storage.objects.get',
    ...state('stacks/trireme/gcp-prod.json'),
  })),
  never('deploy-dev', 'write the state of prod', () => ({
    permission: 'storage.objects.create',
    ...state('stacks/trireme/gcp-prod.json'),
  })),
  never('deploy-dev', 'overwrite the state of prod', () => ({
    permission: 'storage.objects.delete',
    ...state('stacks/trireme/gcp-prod.json'),
  })),
  never('deploy-dev', 'read the state of prod', () => ({
    permission: 'storage.objects.get',
    ...state('stacks/trireme/gcp-prod.json'),
  })),
  never('deploy-dev', 'lock a stack of prod', () => ({
    permission: 'storage.objects.create',
    ...state('locks/organization/trireme/gcp-prod/1.json'),
  })),
  never('deploy-dev', 'lock a stack of prod by a name within', () => ({
    permission: 'storage.objects.create',
    ...state('locks/organization/trireme/gcp-prod/objects/.pulumi/locks/organization/trireme/gcp-dev/1.json'),
  })),
  never('deploy-dev', 'write what the foundation gives', () => ({
    permission: 'storage.objects.create',
    ...state('stacks/trireme/gcp-foundation.json'),
  })),
  never('deploy-prod', 'write what the foundation gives', () => ({
    permission: 'storage.objects.create',
    ...state('stacks/trireme/gcp-foundation.json'),
  })),
  never('plan', 'write the state of prod', () => ({
    permission: 'storage.objects.create',
    ...state('stacks/trireme/gcp-prod.json'),
  })),
  never('deploy-dev', 'let itself into the bucket', () => ({
    permission: 'storage.buckets.setIamPolicy',
    ...bucket(home, stateBucket),
    gives: ['roles/storage.objectUser'],
  })),
  never('deploy-dev', 'change the bucket', () => ({
    permission: 'storage.buckets.update',
    ...bucket(home, stateBucket),
  })),
];

const shared: readonly Row<GcpAsk>[] = [
  always('deploy-dev', 'push an image', () => ({
    permission: 'artifactregistry.repositories.uploadArtifacts',
    ...registry,
  })),
  never('deploy-prod', 'push an image', () => ({
    permission: 'artifactregistry.repositories.uploadArtifacts',
    ...registry,
  })),
  never('deploy-dev', 'delete an image', () => ({ permission: 'artifactregistry.versions.delete', ...registry })),
  never('deploy-dev', 'move a tag', () => ({ permission: 'artifactregistry.tags.update', ...registry })),
  never('deploy-dev', 'change the registry', () => ({
    permission: 'artifactregistry.repositories.update',
    ...registry,
  })),
  always('deploy-dev', 'delete its own bucket', () => ({
    permission: 'storage.buckets.delete',
    ...bucket(home, `${home}-trireme-dev`),
  })),
  never('deploy-dev', 'delete the bucket of prod', (prod) => ({
    permission: 'storage.buckets.delete',
    ...bucket(prod, `${prod}-trireme-prod`),
  })),
  never('deploy-dev', 'let itself into the bucket of prod', (prod) => ({
    permission: 'storage.buckets.setIamPolicy',
    ...bucket(prod, `${prod}-trireme-prod`),
    gives: ['roles/storage.objectUser'],
  })),
  never('deploy-dev', 'delete what is in the bucket of prod', (prod) => ({
    permission: 'storage.objects.delete',
    ...object(prod, `${prod}-trireme-prod`, `buckets/${prod}-trireme-dev/x`),
  })),
  never('deploy-dev', 'delete the database of prod', (prod) => ({
    permission: 'cloudsql.instances.delete',
    ...instance(prod, 'trireme-prod'),
  })),
  never('deploy-dev', 'make a user in the database of prod', (prod) => ({
    permission: 'cloudsql.users.create',
    ...instance(prod, 'trireme-prod'),
  })),
  // Conditions know nothing of these services: https://cloud.google.com/iam/docs/conditions-resource-attributes
  whereShared('deploy-dev', 'update the service of prod, with a container that acts as dev’s account', (prod) => ({
    permission: 'run.services.update',
    project: prod,
  })),
  whereShared('deploy-dev', 'delete an alarm of prod', (prod) => ({
    permission: 'monitoring.alertPolicies.delete',
    project: prod,
  })),
];

export const gcpRows = [...identities, ...secrets, ...states, ...shared];
