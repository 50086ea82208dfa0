// The Open Inference Protocol v2 with JSON tensors: one column a tensor, one row a record.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import type { RequestHandler } from 'express';
import type { PredictionRow } from '../../model/prediction.ts';
import type { Model } from '../../model/schema.ts';
import { type InferenceContext, inference, modelCalled } from '../http/inference.ts';
import type { Identity } from '../identity.ts';
import { readTensors } from './tensors.ts';

type Route = 'server' | 'live' | 'ready' | 'model' | 'modelReady' | 'infer';

export function openInference(context: InferenceContext, identity: Identity): Record<Route, RequestHandler> {
  const { life } = context;
  return {
    server(_request, response) {
      response.json({ name: 'trireme', version: identity.buildId, extensions: [] });
    },
    live(_request, response) {
      response.json({ live: true });
    },
    // The protocol names no status for "not ready"; platforms' probes and the protocol's clients expect 503.
    ready(_request, response) {
      const { reason } = life;
      if (reason === undefined) response.json({ live: true, ready: true });
      else response.status(503).json({ live: true, ready: false, reason });
    },
    model(request, response) {
      const { model, version } = modelCalled(life, nameIn(request.params));
      response.json({
        name: model.name,
        versions: [version],
        platform: 'tensorflowjs_layers',
        inputs: model.inputs.map((input) => ({
          name: input.name,
          datatype: input.kind === 'numeric' ? 'FP64' : 'BYTES',
          shape: [-1, 1],
        })),
        outputs: outputsOf(model).map(({ name, datatype, width }) => ({ name, datatype, shape: [-1, width] })),
      });
    },
    modelReady(request, response) {
      const name = nameIn(request.params);
      if (life.models.length > 0) modelCalled(life, name);
      const { reason } = life;
      if (reason === undefined) response.json({ name, ready: true });
      else response.status(503).json({ name, ready: false, reason });
    },
    infer(request, response) {
      let id: string | undefined;
      let wanted: readonly string[] = [];
      const { predictor, rows } = inference(context, nameIn(request.params), ({ model }) => {
        const read = readTensors(
          request.body,
          model,
          outputsOf(model).map(({ name }) => name),
          context.maxRows,
        );
        id = read.id;
        wanted = read.outputs;
        return read.records;
      });
      const outputs = outputsOf(predictor.model).filter(({ name }) => wanted.includes(name));
      response.json({
        model_name: predictor.model.name,
        model_version: predictor.version,
        ...(id === undefined ? {} : { id }),
        outputs: outputs.map(({ name, datatype, width, values }) => ({
          name,
          datatype,
          shape: [rows.length, width],
          data: rows.flatMap(values),
        })),
      });
    },
  };
}

interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly width: number;
  values(row: PredictionRow): unknown[];
}

function outputsOf(model: Model): OutputTensor[] {
  if (model.task === 'regression') {
    return [{ name: 'value', datatype: 'FP64', width: 1, values: (row) => [row.value] }];
  }
  const fields = model.classes.map(({ slug }) => `p_${slug}`);
  return [
    {
      name: 'label',
      datatype: labelDatatype(model.classes.map(({ label }) => label)),
      width: 1,
      values: (row) => [row.label],
    },
    { name: 'confidence', datatype: 'FP32', width: 1, values: (row) => [row.confidence] },
    {
      name: 'probabilities',
      datatype: 'FP32',
      width: fields.length,
      values: (row) => fields.map((field) => row[field]),
    },
  ];
}

function labelDatatype(labels: readonly unknown[]): string {
  if (labels.every((label) => Number.isInteger(label))) return 'INT64';
  if (labels.every((label) => typeof label === 'number')) return 'FP64';
  return labels.every((label) => typeof label === 'boolean') ? 'BOOL' : 'BYTES';
}

function nameIn(parameters: { readonly model?: string | string[] }): string {
  return String(parameters.model);
}
