// Secret Manager as Pulumi's `gcp` provider drives it, over the emulated API that Cloud Run reads its containers' secrets from.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { call } from './control-plane.ts';
import type { GcpProject } from './gcp-project.ts';
import { labelFaults } from './gcp-storage.ts';
import { pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

type SecretWorld = Pick<World, 'controlPlanes'>;

export function secret(world: SecretWorld, project: GcpProject): ResourceModel {
  return storedResource({
    module: 'secretmanager/secret',
    shelf: project.secrets,
    naming: { property: 'secretId', style: 'dashed' },
    replaceOnChanges: ['secretId', 'project', 'replication'],
    computed: ['project'],
    validate: (inputs) => [
      // https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets/create
      ...pattern(inputs, 'secretId', /^[A-Za-z0-9_-]{1,255}$/),
      ...labelFaults(inputs, 'labels'),
    ],
    idOf: (inputs, context) => `projects/${project.project(inputs, context)}/secrets/${text(inputs, 'secretId')}`,
    alreadyExists: (id) => `Error creating Secret: googleapi: Error 409: Secret [${id}] already exists.`,
    async create(inputs, context, id) {
      const [, projectId] = id.split('/');
      await send(world, 'POST', `/v1/projects/${projectId}/secrets?secretId=${text(inputs, 'secretId')}`, {
        replication: { automatic: {} },
      });
      return { name: id, project: project.project(inputs, context), createTime: new Date().toISOString() };
    },
    derive: (inputs) => ({ effectiveLabels: inputs.labels ?? {}, pulumiLabels: inputs.labels ?? {} }),
    async release(inputs, id) {
      if (inputs.deletionProtection === true) {
        throw new CloudRefusal(
          'cannot destroy secret without setting deletion_protection=false and running `pulumi up`',
        );
      }
      await send(world, 'DELETE', `/v1/${id}`);
      project.lastVersions.delete(id);
    },
  });
}

export function secretVersion(world: SecretWorld, project: GcpProject): ResourceModel {
  return storedResource({
    module: 'secretmanager/secretVersion',
    shelf: project.secretVersions,
    // A version is never changed: https://cloud.google.com/secret-manager/docs/add-secret-version
    replaceOnChanges: ['secret', 'secretData', 'isSecretDataBase64'],
    validate: (inputs) => pattern(inputs, 'secret', /^projects\/[^/]+\/secrets\/[^/]+$/),
    idOf(inputs) {
      const parent = text(inputs, 'secret') ?? '';
      return `${parent}/versions/${(project.lastVersions.get(parent) ?? 0) + 1}`;
    },
    alreadyExists: (id) => `googleapi: Error 409: ${id} already exists`,
    async create(inputs, _context, id) {
      const parent = text(inputs, 'secret') ?? '';
      const data = Buffer.from(text(inputs, 'secretData') ?? '').toString('base64');
      await send(world, 'POST', `/v1/${parent}:addVersion`, { payload: { data } });
      project.lastVersions.set(parent, Number(id.split('/').at(-1)));
      return { name: id, version: id.split('/').at(-1) ?? '', createTime: new Date().toISOString(), enabled: true };
    },
    release: (_inputs, id) => send(world, 'POST', `/v1/${id}:destroy`, {}),
  });
}

async function send(world: SecretWorld, method: string, url: string, body?: Properties): Promise<void> {
  const answer = await call(world.controlPlanes.cloudRun, { method, url, ...(body === undefined ? {} : { body }) });
  if (answer.status < 300 || answer.status === 404) return;
  throw new CloudRefusal(`googleapi: Error ${answer.status}: ${text(answer.body.error, 'message')}`);
}
