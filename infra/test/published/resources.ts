// What components really ask for, judged as the vendor would: each resource's inputs become the request that makes it.

import type { Properties } from '../../emulator/engine/property.ts';
import type { ProviderDefinition } from '../../emulator/engine/resource-model.ts';
import type { Checked } from './checked.ts';
import { awsRequests } from './resources-aws.ts';
import { azureRequests } from './resources-azure.ts';
import { gcpRequests } from './resources-gcp.ts';
import { published } from './schema.ts';
import type { Requests } from './translation.ts';

export const requests: Requests = { ...awsRequests, ...gcpRequests, ...azureRequests };

const wire = 'its provider speaks to the emulated control plane, and the wire is judged';
const bindings = 'a policy that is read, changed and written back: no request of its own';
const unkept = "no model is kept: judged by the npm package's type declarations and by hand-written rules";

/** Resources without an entry in the table, and why. */
export const unjudged: Readonly<Record<string, string>> = {
  'aws:apprunner/service:Service': wire,
  'aws:apprunner/autoScalingConfigurationVersion:AutoScalingConfigurationVersion': wire,
  'aws:ecs/expressGatewayService:ExpressGatewayService': wire,
  'gcp:cloudrunv2/service:Service': wire,
  'azure-native:web:WebApp': wire,
  'azure-native:web:WebAppSlot': wire,
  'gcp:projects/service:Service': 'enabling an API sends no body',
  'gcp:projects/iAMMember:IAMMember': bindings,
  'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember': bindings,
  'gcp:cloudrunv2/serviceIamMember:ServiceIamMember': bindings,
  'gcp:secretmanager/secretIamMember:SecretIamMember': bindings,
  'gcp:serviceaccount/iAMMember:IAMMember': bindings,
  'gcp:storage/bucketIAMMember:BucketIAMMember': bindings,
  'gcp:cloudrun/domainMapping:DomainMapping': unkept,
  'azure-native:resources:ResourceGroup': unkept,
  'azure-native:resources:Deployment': unkept,
  'azure-native:monitor:ScheduledQueryRule': unkept,
  'azure-native:monitor:DiagnosticSetting': unkept,
  'azure-native:operationalinsights:Workspace': unkept,
  'azure-native:applicationinsights:Component': unkept,
  'azure-native:applicationinsights:WebTest': unkept,
  'azure-native:portal:Dashboard': unkept,
  'azure-native:dbformysql:Server': unkept,
  'azure-native:dbformysql:Database': unkept,
  'azure-native:dbforpostgresql:Server': unkept,
  'azure-native:dbforpostgresql:Database': unkept,
  'azure-native:storage:BlobServiceProperties': unkept,
  'azure-native:keyvault:Vault': unkept,
  'azure-native:keyvault:Secret': unkept,
  'azure-native:network:PrivateEndpoint': unkept,
  'azure-native:network:PrivateDnsZoneGroup': unkept,
};

/** Every way in which the vendor would not take it; empty also where nothing is kept to judge by. */
export function resourceFaults(type: string, inputs: Properties): readonly string[] {
  return (requests[type]?.(inputs) ?? []).flatMap(([model, operation, body]) =>
    published(model)
      .requestFaults(operation, body)
      .map((fault) => `${type} as ${operation}: ${fault}`),
  );
}

/** The provider as it is, save that what is created is judged first. */
export function judged(definition: ProviderDefinition, checked: Checked): ProviderDefinition {
  const resources = Object.entries(definition.resources).map(([type, model]) => [
    type,
    {
      ...model,
      create: async (...[inputs, context]: Parameters<typeof model.create>) => {
        // What the vendor refuses may be asked for by a test, if it is refused here too.
        const created = await model.create(inputs, context);
        checked.note(resourceFaults(type, inputs));
        return created;
      },
    },
  ]);
  return { ...definition, resources: Object.fromEntries(resources) };
}
