// Autoscale settings as `azure-native` drives them: kept as every resource is, and told to the emulated Azure Monitor, which follows them.
import type { Properties } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { Handler } from '../world.ts';
import { call } from './control-plane.ts';

const apiVersion = '2022-10-01';
/** In the path, or beside the properties. */
const outside = new Set(['resourceGroupName', 'autoscaleSettingName', 'location', 'tags']);

export function followedAutoscale(model: ResourceModel, arm: Handler): ResourceModel {
  const ask = async (method: string, id: string, body?: Properties): Promise<void> => {
    const url = `${id}?api-version=${apiVersion}`;
    const answer = await call(arm, { method, url, ...(body === undefined ? {} : { body }) });
    if (answer.status >= 300) throw new CloudRefusal(`Status=${answer.status} ${JSON.stringify(answer.body)}`);
  };
  const put = (id: string, inputs: Properties, outputs: Properties) => {
    const properties = Object.fromEntries(Object.entries(inputs).filter(([key]) => !outside.has(key)));
    const body: Properties = { location: inputs.location ?? outputs.location ?? '', properties };
    return ask('PUT', id, inputs.tags === undefined ? body : { ...body, tags: inputs.tags });
  };
  return {
    ...model,
    async create(inputs, context) {
      const created = await model.create(inputs, context);
      await put(created.id, inputs, created.outputs);
      return created;
    },
    async update(id, inputs, context, previous) {
      const outputs = await model.update(id, inputs, context, previous);
      await put(id, inputs, outputs);
      return outputs;
    },
    async delete(id, inputs, context) {
      await ask('DELETE', id);
      await model.delete(id, inputs, context);
    },
  };
}
