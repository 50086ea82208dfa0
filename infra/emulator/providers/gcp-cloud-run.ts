// Cloud Run as Pulumi's `gcp` provider drives it: the Admin API v2, waiting for each operation, failing when the revision did.
import { projected } from '../engine/input-diff.ts';
import { isList, isRecord, type Properties, text } from '../engine/property.ts';
import {
  CloudRefusal,
  HalfMadeResource,
  type InputFault,
  type ResourceContext,
  type ResourceModel,
} from '../engine/resource-model.ts';
import type { World } from '../world.ts';
import { type Answer, call, poll } from './control-plane.ts';
import { fromWire, imported, toWire } from './gcp-cloud-run-wire.ts';
import type { GcpProject } from './gcp-project.ts';
import { oneOf, pattern, range, reservedKeys } from './input-rule.ts';

type CloudRunWorld = Pick<World, 'controlPlanes' | 'timeScale'>;

const waiting = { pollSeconds: 2, limitSeconds: 1200 };

export function cloudRunService(world: CloudRunWorld, project: GcpProject): ResourceModel {
  const pathOf = (inputs: Properties, context: ResourceContext) =>
    `projects/${project.project(inputs, context)}/locations/${project.location(inputs, context)}/services`;
  const shown = (service: Properties, inputs: Properties, id: string): Properties => {
    const [, projectId = '', , location = ''] = id.split('/');
    const labels = service.labels ?? {};
    return {
      ...fromWire(service),
      name: lastStep(id),
      location,
      project: projectId,
      deletionProtection: inputs.deletionProtection ?? true,
      ...(inputs.deletionPolicy === undefined ? {} : { deletionPolicy: inputs.deletionPolicy }),
      effectiveLabels: labels,
      pulumiLabels: labels,
      effectiveAnnotations: service.annotations ?? {},
    };
  };
  /** The service as it is once the operation has ended; the half-made resource is what the provider records of a failure. */
  const settle = async (operation: Properties, id: string, inputs: Properties, act: string): Promise<Properties> => {
    const ended = await ends(world, operation);
    const service = await read(world, id);
    const outputs = shown(service ?? {}, inputs, id);
    const error = ended.error;
    if (isRecord(error)) {
      const reason = `Error code ${Number(error.code)}, message: ${text(error, 'message')}`;
      throw new HalfMadeResource(
        id,
        outputs,
        `Error waiting to ${act.toLowerCase()} Service: Error waiting for ${act.replace(/e$/, '')}ing Service: ${reason}`,
      );
    }
    return outputs;
  };

  return {
    module: 'cloudrunv2/service',
    naming: { property: 'name', style: 'dashed' },
    // https://www.pulumi.com/registry/packages/gcp/api-docs/cloudrunv2/service/
    replaceOnChanges: ['name', 'location', 'project'],
    computed: ['project', 'traffics', 'launchStage', 'ingress'],
    validate: serviceFaults,
    async create(inputs, context) {
      refuseAccount(project, inputs);
      const parent = pathOf(inputs, context);
      const name = text(inputs, 'name') ?? '';
      const operation = expectOk(
        await send(world, 'POST', `/v2/${parent}?serviceId=${encodeURIComponent(name)}`, toWire(inputs)),
        'Error creating Service',
      );
      const id = `${parent}/${name}`;
      return { id, outputs: await settle(operation, id, inputs, 'Create') };
    },
    async read(id, inputs) {
      const service = await read(world, id);
      if (service === undefined) return undefined;
      const outputs = shown(service, inputs, id);
      const asked = Object.keys(inputs).length === 0 ? imported(outputs) : inputs;
      return { outputs, inputs: projected(asked, outputs) };
    },
    async update(id, inputs) {
      refuseAccount(project, inputs);
      const operation = expectOk(
        await send(world, 'PATCH', `/v2/${id}`, toWire(inputs)),
        `Error updating Service "${id}"`,
      );
      return settle(operation, id, inputs, 'Update');
    },
    async delete(id, inputs) {
      if (inputs.deletionProtection !== false) {
        throw new CloudRefusal(
          'cannot destroy service without setting deletion_protection=false and running `pulumi up`',
        );
      }
      const answer = await send(world, 'DELETE', `/v2/${id}`);
      if (answer.status === 404) return;
      await ends(world, expectOk(answer, 'Error when reading or editing Service'));
    },
  };
}

export async function serviceExists(world: CloudRunWorld, name: string): Promise<boolean> {
  return (await read(world, name)) !== undefined;
}

/** https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services */
function serviceFaults(inputs: Properties): readonly InputFault[] {
  const containers = isRecord(inputs.template) ? inputs.template.containers : undefined;
  const paths = isList(containers) ? containers.map((_, index) => `template.containers.${index}`) : [];
  const traffics = isList(inputs.traffics) ? inputs.traffics.map((_, index) => `traffics.${index}`) : [];
  return [
    // https://cloud.google.com/run/docs/reference/rest/v2/TrafficTarget
    ...traffics.flatMap((path) => [
      ...range(inputs, `${path}.percent`, 0, 100),
      ...oneOf(inputs, `${path}.type`, [
        'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST',
        'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION',
      ]),
      ...pattern(inputs, `${path}.tag`, /^[a-z]([a-z0-9-]{0,44}[a-z0-9])?$/),
    ]),
    ...pattern(inputs, 'template.revision', /^[a-z][a-z0-9-]{0,61}[a-z0-9]$/),
    ...pattern(inputs, 'name', /^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/),
    ...oneOf(inputs, 'ingress', [
      'INGRESS_TRAFFIC_ALL',
      'INGRESS_TRAFFIC_INTERNAL_ONLY',
      'INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER',
      'INGRESS_TRAFFIC_NONE',
    ]),
    ...oneOf(inputs, 'deletionPolicy', ['DELETE', 'ABANDON', 'PREVENT']),
    ...range(inputs, 'template.maxInstanceRequestConcurrency', 0, 1000),
    ...pattern(inputs, 'template.timeout', /^\d+(\.\d+)?s$/),
    ...reservedKeys(
      inputs,
      'annotations',
      /(^|\.)(run\.googleapis\.com|serving\.knative\.dev|cloud\.googleapis\.com)\//,
    ),
    ...paths.flatMap((path) => [
      ...range(inputs, `${path}.startupProbe.periodSeconds`, 1, 240),
      ...range(inputs, `${path}.startupProbe.initialDelaySeconds`, 0, 240),
      ...range(inputs, `${path}.startupProbe.timeoutSeconds`, 1, 240),
      ...range(inputs, `${path}.livenessProbe.periodSeconds`, 1, 3600),
      ...range(inputs, `${path}.ports.containerPort`, 1, 65_535),
      ...reservedVariables(inputs, path),
    ]),
  ].map((fault) => ({ ...fault, property: fault.property.replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]') }));
}

/** https://cloud.google.com/run/docs/container-contract#env-vars */
function reservedVariables(inputs: Properties, path: string): readonly InputFault[] {
  const [, , index = ''] = path.split('.');
  const containers = isRecord(inputs.template) ? inputs.template.containers : undefined;
  const container = isList(containers) ? containers[Number(index)] : undefined;
  const envs = isRecord(container) && isList(container.envs) ? container.envs : [];
  return envs.flatMap((one, position) =>
    /^(PORT|K_SERVICE|K_REVISION|K_CONFIGURATION)$/.test(text(one, 'name') ?? '')
      ? [{ property: `${path}.envs.${position}.name`, reason: `${text(one, 'name')} is reserved: Cloud Run sets it` }]
      : [],
  );
}

function refuseAccount(project: GcpProject, inputs: Properties): void {
  const account = text(inputs.template, 'serviceAccount');
  if (account !== undefined && project.isMissing(account)) {
    throw new CloudRefusal(
      `googleapi: Error 403: Permission 'iam.serviceaccounts.actAs' denied on service account ${account} (or it may not exist)., forbidden`,
    );
  }
}

async function read(world: CloudRunWorld, id: string): Promise<Properties | undefined> {
  const answer = await send(world, 'GET', `/v2/${id}`);
  return answer.status === 404 ? undefined : expectOk(answer, `Error when reading or editing Service "${id}"`);
}

function ends(world: CloudRunWorld, operation: Properties): Promise<Properties> {
  const name = text(operation, 'name') ?? '';
  return poll({ what: `the operation ${name}`, timeScale: world.timeScale, ...waiting }, async () => {
    const now =
      operation.done === true ? operation : expectOk(await send(world, 'GET', `/v2/${name}`), 'Error waiting');
    return now.done === true ? now : undefined;
  });
}

function send(world: CloudRunWorld, method: string, url: string, body?: Properties): Promise<Answer> {
  return call(world.controlPlanes.cloudRun, { method, url, ...(body === undefined ? {} : { body }) });
}

function expectOk(answer: Answer, what: string): Properties {
  if (answer.status < 300) return answer.body;
  const error = answer.body.error;
  throw new CloudRefusal(`${what}: googleapi: Error ${answer.status}: ${text(error, 'message') ?? 'unknown error'}`);
}

function lastStep(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
