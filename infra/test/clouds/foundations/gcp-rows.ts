// What each identity on Google Cloud shall be able to do to another, to itself and to secrets; what there is besides is beside it.
import type { GcpAsk } from './gcp-judge.ts';
import { account, home, inProject, secret, version } from './gcp-resources.ts';
import { thingRows } from './gcp-thing-rows.ts';
import { always, never, type Row } from './row.ts';

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

export const gcpRows = [...identities, ...secrets, ...thingRows];
