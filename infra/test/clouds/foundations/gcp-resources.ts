// Google Cloud's resources as requests name them, and as conditions know them.
import { accounts } from '../../../emulator/world.ts';

export const home = accounts.gcp.project;
export const account = (project: string, id: string) => ({
  project,
  at: `/serviceAccounts/${id}@${project}.iam.gserviceaccount.com`,
});
export const inProject = (project: string) => ({
  project,
  resource: {
    service: 'cloudresourcemanager.googleapis.com',
    type: 'cloudresourcemanager.googleapis.com/Project',
    name: `projects/${project}`,
  },
});
export const bucket = (project: string, name: string) => ({
  project,
  at: name,
  resource: {
    service: 'storage.googleapis.com',
    type: 'storage.googleapis.com/Bucket',
    name: `projects/_/buckets/${name}`,
  },
});
export const object = (project: string, of: string, name: string) => ({
  project,
  at: of,
  resource: {
    service: 'storage.googleapis.com',
    type: 'storage.googleapis.com/Object',
    name: `projects/_/buckets/${of}/objects/${name}`,
  },
});
export const stateBucket = `${home}-trireme-state`;
export const state = (name: string) => object(home, stateBucket, `.pulumi/${name}`);
export const secret = (project: string, name: string) => ({
  project,
  resource: {
    service: 'secretmanager.googleapis.com',
    type: 'secretmanager.googleapis.com/Secret',
    name: `projects/1/secrets/${name}`,
  },
});
export const version = (project: string, name: string) => ({
  project,
  resource: {
    service: 'secretmanager.googleapis.com',
    type: 'secretmanager.googleapis.com/SecretVersion',
    name: `projects/1/secrets/${name}/versions/1`,
  },
});
export const instance = (project: string, name: string) => ({
  project,
  resource: {
    service: 'sqladmin.googleapis.com',
    type: 'sqladmin.googleapis.com/Instance',
    name: `projects/${project}/instances/${name}`,
  },
});
export const registry = { project: home, at: 'trireme' };
