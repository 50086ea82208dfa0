// Service Usage of the emulated Google Cloud: which APIs a project has on, and the refusal of everything that needs another.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { GcpProject } from './gcp-project.ts';
import { pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

/** Switching on what is on is no fault, and what was asked to stay on stays on. */
export function enabledApi(project: GcpProject): ResourceModel {
  const model = storedResource({
    module: 'projects/service',
    shelf: project.services,
    // https://www.pulumi.com/registry/packages/gcp/api-docs/projects/service/
    replaceOnChanges: ['service', 'project'],
    computed: ['project'],
    validate: (inputs) => pattern(inputs, 'service', /^[a-z0-9-]+(\.[a-z0-9-]+)*\.(googleapis\.com|cloud\.goog)$/),
    idOf: (inputs, context) => `${project.project(inputs, context)}/${text(inputs, 'service')}`,
    alreadyExists: (id) => `${id} is on`,
    create(inputs, context, id) {
      project.apis.add(id);
      return { project: project.project(inputs, context) };
    },
    release(inputs, id) {
      if (inputs.disableOnDestroy === true) project.apis.delete(id);
    },
  });
  return {
    ...model,
    async create(inputs: Properties, context) {
      const id = `${project.project(inputs, context)}/${text(inputs, 'service')}`;
      project.services.delete(id);
      return model.create(inputs, context);
    },
  };
}

/** The model, for a project that has the API on. https://cloud.google.com/service-usage/docs/enable-disable */
export function needsApi(project: GcpProject, api: string, model: ResourceModel): ResourceModel {
  return {
    ...model,
    async create(inputs, context) {
      const id = project.project(inputs, context);
      if (!project.hasApi(id, api)) {
        throw new CloudRefusal(
          `googleapi: Error 403: ${titleOf(api)} API has not been used in project ${id} before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/${api}.googleapis.com/overview?project=${id} then retry., SERVICE_DISABLED`,
        );
      }
      return model.create(inputs, context);
    },
  };
}

const titles: Readonly<Record<string, string>> = {
  iam: 'Identity and Access Management (IAM)',
  secretmanager: 'Secret Manager',
  sqladmin: 'Cloud SQL Admin',
};

function titleOf(api: string): string {
  return titles[api] ?? api;
}
