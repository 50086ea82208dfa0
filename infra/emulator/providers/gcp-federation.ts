// Workload identity federation of the emulated Google Cloud: pools and providers, whose ids stay taken for thirty days after a deletion.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import { accounts } from '../world.ts';
import type { GcpProject } from './gcp-project.ts';
import { pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

/** https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/create */
const id = /^(?!gcp-)[a-z0-9-]{4,32}$/;

export function identityPool(project: GcpProject): ResourceModel {
  const taken = (path: string) =>
    `Error creating WorkloadIdentityPool: googleapi: Error 409: Requested entity already exists${wayOn('workload-identity-pools', path)}`;
  return storedResource({
    module: 'iam/workloadIdentityPool',
    shelf: project.pools,
    replaceOnChanges: ['workloadIdentityPoolId', 'project', 'mode'],
    computed: ['project'],
    validate: (inputs) => [
      ...pattern(inputs, 'workloadIdentityPoolId', id),
      ...pattern(inputs, 'displayName', /^.{0,32}$/),
      ...pattern(inputs, 'description', /^.{0,256}$/),
    ],
    idOf: (inputs, context) => poolPath(project, inputs, context),
    alreadyExists: taken,
    create(inputs, context, path) {
      if (project.deletedIdentities.has(path)) throw new CloudRefusal(taken(path));
      return { name: numbered(path), project: project.project(inputs, context), state: 'ACTIVE' };
    },
    release(_inputs, path) {
      project.deletedIdentities.add(path);
      // A deleted pool takes its providers with it.
      for (const provider of project.poolProviders.ids()) {
        if (provider.startsWith(`${path}/`)) project.poolProviders.delete(provider);
      }
    },
  });
}

export function identityPoolProvider(project: GcpProject): ResourceModel {
  const taken = (path: string) =>
    `Error creating WorkloadIdentityPoolProvider: googleapi: Error 409: Requested entity already exists${wayOn('workload-identity-pools providers', path)}`;
  return storedResource({
    module: 'iam/workloadIdentityPoolProvider',
    shelf: project.poolProviders,
    replaceOnChanges: ['workloadIdentityPoolId', 'workloadIdentityPoolProviderId', 'project'],
    computed: ['project'],
    validate: (inputs) => [
      ...pattern(inputs, 'workloadIdentityPoolProviderId', id),
      // https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools.providers
      ...pattern(inputs, 'attributeCondition', /^[\s\S]{0,4096}$/),
      ...pattern(inputs, 'attributeMapping.google.subject', /^[\s\S]{1,2048}$/),
      ...pattern(inputs, 'oidc.issuerUri', /^https:\/\//),
      ...conditionFaults(inputs),
    ],
    idOf: (inputs, context) =>
      `${poolPath(project, inputs, context)}/providers/${text(inputs, 'workloadIdentityPoolProviderId')}`,
    alreadyExists: taken,
    create(inputs, context, path) {
      const pool = poolPath(project, inputs, context);
      if (project.pools.get(pool) === undefined) {
        throw new CloudRefusal(
          `Error creating WorkloadIdentityPoolProvider: googleapi: Error 404: Requested entity was not found: ${pool}`,
        );
      }
      if (project.deletedIdentities.has(path)) throw new CloudRefusal(taken(path));
      return { name: numbered(path), project: project.project(inputs, context), state: 'ACTIVE' };
    },
    release: (_inputs, path) => void project.deletedIdentities.add(path),
  });
}

/** Of GitHub everybody has tokens: https://cloud.google.com/iam/docs/workload-identity-federation-with-deployment-pipelines#conditions */
function conditionFaults(inputs: Properties): readonly { property: string; reason: string }[] {
  const issuer = text(inputs.oidc, 'issuerUri');
  if (issuer !== 'https://token.actions.githubusercontent.com' || inputs.attributeCondition !== undefined) return [];
  return [
    {
      property: 'attributeCondition',
      reason: "the attribute condition must reference one of the provider's claims",
    },
  ];
}

function poolPath(project: GcpProject, inputs: Properties, context: ResourceContext): string {
  const pool = text(inputs, 'workloadIdentityPoolId') ?? '';
  return `projects/${project.project(inputs, context)}/locations/global/workloadIdentityPools/${pool}`;
}

/** The API names a project by its number. */
function numbered(path: string): string {
  return path.replace(/^projects\/[^/]+/, `projects/${accounts.gcp.projectNumber}`);
}

/** No words of the vendor: what helps where a chosen id is still held by a deleted pool. */
function wayOn(command: string, path: string): string {
  const [, id] = path.split('/');
  return ` (a deleted one keeps its id for 30 days: choose another id, or \`gcloud iam ${command} undelete ${path.split('/').at(-1)} --location global --project ${id}\` and import it)`;
}
