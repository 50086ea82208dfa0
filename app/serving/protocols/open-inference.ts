// The Open Inference Protocol v2: one column a tensor, one row a record.
// https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
import type { Express, Request, RequestHandler } from 'express';
import { methodNotAllowed } from '../http/failure.ts';
import { answering, type InferenceContext } from '../http/inference.ts';
import { sendJson } from '../http/json.ts';
import type { Identity } from '../identity.ts';
import { type Asked, modelCalled } from '../models/called.ts';
import type { Served } from '../models/served.ts';
import { tellChoice } from '../models/tell.ts';
import type { Predictor } from '../predictor.ts';
import { answerBytes, answerText } from './answer.ts';
import { bytesBody } from './body.ts';
import { type InferRequest, readInferRequest } from './infer-request.ts';
import { inferAnswer } from './infer-response.ts';
import { outputTensorsOf } from './output-tensors.ts';
import { noteRows, predictTable } from './predict-table.ts';

const extensions = ['binary_tensor_data', 'classification', 'parameters', 'schedule_policy', 'statistics'];
const lengthHeader = 'inference-header-content-length';

export function addOpenInference(
  app: Express,
  context: InferenceContext,
  identity: Identity,
  bodyLimitBytes: number,
): void {
  const { life } = context;
  const reads = methodNotAllowed('GET', 'HEAD');
  const get = (path: string, handler: RequestHandler) => app.route(path).get(handler).all(reads);

  get('/v2', (_request, response) => {
    sendJson(response, 200, { name: 'trireme', version: identity.buildId, extensions });
  });
  get('/v2/health/live', (_request, response) => sendJson(response, 200, { live: true }));
  // The protocol names no status for "not ready"; platforms' probes and the protocol's clients expect 503.
  get('/v2/health/ready', (_request, response) => {
    const { reason } = life;
    if (reason === undefined) sendJson(response, 200, { live: true, ready: true });
    else sendJson(response, 503, { live: true, ready: false, reason });
  });
  get('/v2/models/stats', (_request, response) => {
    sendJson(response, 200, { model_stats: life.models.map((predictor) => context.statistics.of(predictor)) });
  });

  const body = bytesBody(bodyLimitBytes);
  const infer = answering<InferRequest, Float32Array>(context, {
    which: askedBy,
    read: (request, { model }) =>
      readInferRequest(request.body, headerOf(request, lengthHeader), model, context.maxRows),
    rowsIn: ({ table }) => table.rows,
    predict: (_response, { blocks }, { table }, deadline) => predictTable(blocks, table, deadline),
    note: noteRows,
    answer(response, predictor, answers, reading) {
      const { header, binary } = inferAnswer(predictor, answers, reading);
      if (binary.length === 0) return answerText(response, header);
      const json = Buffer.from(header);
      response.setHeader(lengthHeader, json.length);
      return answerBytes(response, 'application/octet-stream', Buffer.concat([json, ...binary]));
    },
  });
  const writes = methodNotAllowed('POST');
  for (const path of ['/v2/models/:model', '/v2/models/:model/versions/:version']) {
    get(path, (request, response) =>
      sendJson(response, 200, metadataOf(modelCalled(life.served, askedBy(request)), life.served)),
    );
    get(`${path}/ready`, (request, response) => {
      if (life.models.length > 0) modelCalled(life.served, askedBy(request));
      const { reason } = life;
      const name = request.params.model;
      if (reason === undefined) sendJson(response, 200, { name, ready: true });
      else sendJson(response, 503, { name, ready: false, reason });
    });
    get(`${path}/stats`, (request, response) => {
      const asked = askedBy(request);
      const predictor = modelCalled(life.served, asked);
      const versions = asked.version === undefined ? life.served.versionsOf(predictor.model.name) : [predictor];
      sendJson(response, 200, { model_stats: versions.map((one) => context.statistics.of(one)) });
    });
    app.route(`${path}/infer`).post(body, infer).all(writes);
  }
}

function metadataOf(predictor: Predictor, served: Served): object {
  const { model, version, digest, engine } = predictor;
  return {
    name: model.name,
    versions: served.versionsOf(model.name).map((one) => one.version),
    platform: 'tensorflowjs_layers',
    inputs: model.inputs.map((input) => ({
      name: input.name,
      datatype: input.kind === 'numeric' ? 'FP64' : 'BYTES',
      shape: [-1, 1],
    })),
    outputs: outputTensorsOf(model).map(({ name, datatype, width }) => ({ name, datatype, shape: [-1, width] })),
    parameters: {
      task: model.task,
      version,
      digest,
      labels: served.labelsOf(predictor).join(','),
      engine,
      ...tellChoice(predictor),
      ...(model.task === 'classification'
        ? { classes: model.classes.map(({ label }) => String(label)).join(',') }
        : {}),
    },
  };
}

function askedBy({ params }: Request): Asked {
  return { name: String(params.model), version: params.version === undefined ? undefined : String(params.version) };
}

function headerOf(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join() : value;
}
