// What each identity on Google Cloud shall be able to do with Pulumi's state, with images, and with what another environment runs.
import type { GcpAsk } from './gcp-judge.ts';
import { bucket, home, instance, object, registry, state, stateBucket } from './gcp-resources.ts';
import { always, never, type Row, whereShared } from './row.ts';

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

export const thingRows = [...states, ...shared];
