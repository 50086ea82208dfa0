// The OpenAPI 3.1 document of this very service: its routes with the schemas of the models it serves.
import { appErrorCodes } from '../../model/errors.ts';
import type { Identity } from '../identity.ts';
import type { Served } from '../models/served.ts';
import type { Predictor } from '../predictor.ts';
import { mostExplained } from '../protocols/tensorflow-requests.ts';
import {
  examplesSchema,
  inferAnswerSchema,
  inferSchema,
  object,
  recordSchema,
  recordsSchema,
  rowSchema,
  rowsOrColumnsSchema,
  rowsSchema,
  type Schema,
} from './schemas.ts';
import { type Keys, secured, securitySchemes } from './security.ts';

type Operation = Readonly<Record<string, unknown>>;
/** Where a version of a model answers, after its name, and the word for it in the operations' names. */
type Place = readonly [at: string, word: string];
type Paths = Record<string, Readonly<Record<string, Operation>>>;

const json = (schema: Schema, description = 'the answer') => ({
  description,
  content: { 'application/json': { schema } },
});
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
const text: Schema = { type: 'string' };
const anyObject: Schema = { type: 'object' };
const list = (items: Schema): Schema => ({ type: 'array', items });

/** Every error any route answers, by status. */
const failures = {
  400: 'the request is not what the schema says; the error names every fault',
  401: 'a key is needed',
  403: 'the key is not for this',
  404: 'no such model, version or route',
  405: 'another method',
  413: 'too many bytes or records',
  415: 'a body of another type or encoding',
  429: 'too many requests with this key',
  500: 'a fault of the service',
  503: 'not ready, overloaded, or too late for the time-out of the request',
} as const;

export function openapiDocument(
  served: Served,
  { buildId }: Identity,
  maxRows: number,
  keys: Keys = { apiKeys: [], adminKeys: [] },
): object {
  const models = served.all;
  const schemas: Record<string, Schema> = {
    Error: object({
      error: { ...text, description: 'what was expected, what was found, what to do' },
      // The list begins with those that a request can meet.
      code: { enum: appErrorCodes.slice(0, appErrorCodes.indexOf('internal') + 1) },
    }),
    ModelVersion: object({ name: text, version: text, digest: { ...text, pattern: '^sha256:[0-9a-f]{64}$' } }),
  };
  const schemes = securitySchemes(keys);
  const paths: Paths = { ...servicePaths() };
  for (const [index, predictor] of models.entries()) {
    const { model } = predictor;
    const isChampion = served.labelled(model.name, 'champion') === predictor;
    const word = isChampion ? model.name : `${model.name}.${predictor.version}`;
    const named = (what: string) => `${word}.${what}`;
    schemas[named('Record')] = recordSchema(model);
    schemas[named('Row')] = rowSchema(model);
    schemas[named('InferRequest')] = inferSchema(model, maxRows);
    schemas[named('InferResponse')] = inferAnswerSchema(model);
    const version = `/versions/${predictor.version}`;
    paths[index === 0 ? '/predict' : `/predict/${model.name}${isChampion ? '' : version}`] = post(
      index === 0 ? 'predict' : `predict_${word}`,
      `Predict with ${model.name}: a record, an array of records, or {"instances": [...]}`,
      recordsSchema(ref(named('Record')), maxRows),
      object({ model: ref('ModelVersion'), predictions: { ...list(ref(named('Row'))), minItems: 1 } }),
      predictor.example,
    );
    const places: readonly Place[] = isChampion
      ? [
          ['', ''],
          [version, 'Version'],
          ['/labels/stable', 'Label'],
        ]
      : [[version, `Version_${predictor.version}`]];
    Object.assign(paths, openInferencePaths(predictor, named, places), tensorflowPaths(predictor, maxRows, places));
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Trireme prediction service',
      version: buildId,
      description: `Models: ${models.map(({ model, version }) => `${model.name} ${version}`).join(', ')}. Every error is {"error", "code"}.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: secured(paths, keys),
    components: { schemas, ...(schemes === undefined ? {} : { securitySchemes: schemes }) },
  };
}

function servicePaths(): Paths {
  const page = (type: string) => ({ description: 'the answer', content: { [type]: { schema: text } } });
  return {
    '/': get('about', 'What this is and where to go', json(anyObject)),
    '/version': get('version', 'Build, release, image and model digests', json(anyObject)),
    '/openapi.json': get('openapi', 'This document', json(anyObject)),
    '/docs': get('docs', 'This document as a page', page('text/html')),
    '/metrics': get('metrics', 'Prometheus metrics', page('text/plain')),
    '/v2': get(
      'serverMetadata',
      'Open Inference Protocol: this server',
      json(object({ name: text, version: text, extensions: list(text) })),
    ),
    '/v2/health/live': get('serverLive', '200 while the process runs', json(object({ live: { type: 'boolean' } }))),
    '/v2/health/ready': get('serverReady', '200 when it answers', json(readiness('live')), readiness('live')),
    '/v2/models/stats': get('allStatistics', 'Statistics of every model', json(statistics)),
    '/v1/models': get('models', 'KServe v1: the models', json(object({ models: list(text) }))),
  };
}

const statistics = object({ model_stats: list(anyObject) });

function readiness(other: 'live' | 'name'): Schema {
  const properties = {
    [other]: other === 'live' ? { type: 'boolean' } : text,
    ready: { type: 'boolean' },
    reason: text,
  };
  return object(properties, [other, 'ready']);
}

function openInferencePaths(predictor: Predictor, named: (what: string) => string, places: readonly Place[]): Paths {
  const { model } = predictor;
  const tensor = object({ name: text, datatype: text, shape: list({ type: 'integer' }) });
  const metadata = object({
    name: { const: model.name },
    versions: list(text),
    platform: text,
    inputs: list(tensor),
    outputs: list(tensor),
    parameters: anyObject,
  });
  const example = {
    inputs: Object.entries(predictor.example).map(([name, value]) => ({
      name,
      datatype: typeof value === 'number' ? 'FP64' : 'BYTES',
      shape: [1, 1],
      data: [value],
    })),
  };
  const paths: Paths = {};
  // This protocol knows versions and no labels.
  for (const [place, suffix] of places.filter(([at]) => !at.startsWith('/labels'))) {
    const at = `/v2/models/${model.name}${place}`;
    const id = (what: string) => `${what}${suffix}_${model.name}`;
    paths[at] = get(id('modelMetadata'), 'Its inputs and outputs', json(metadata));
    paths[`${at}/ready`] = get(id('modelReady'), '200 when it answers', json(readiness('name')), readiness('name'));
    paths[`${at}/stats`] = get(id('modelStatistics'), 'How often it answered and how long that took', json(statistics));
    paths[`${at}/infer`] = post(
      id('infer'),
      'Infer with tensors; binary ones behind the JSON when Inference-Header-Content-Length says where it ends',
      ref(named('InferRequest')),
      ref(named('InferResponse')),
      example,
      // What is asked for as binary follows the JSON, which then ends where Inference-Header-Content-Length says.
      { 'application/octet-stream': {} },
    );
  }
  return paths;
}

function tensorflowPaths({ model, example }: Predictor, maxRows: number, places: readonly Place[]): Paths {
  const predictions = object({ predictions: { type: 'array' } });
  const paths: Paths = {};
  for (const [place, suffix] of places) {
    const at = `/v1/models/${model.name}${place}`;
    const id = (what: string) => `${what}${suffix}_${model.name}`;
    paths[at] = get(id('status'), 'TensorFlow Serving and KServe v1: status', json(anyObject), anyObject);
    paths[`${at}/metadata`] = get(id('signature'), 'TensorFlow Serving: signature', json(anyObject));
    paths[`${at}:predict`] = post(
      id('predictV1'),
      'TensorFlow Serving and KServe v1: rows as `instances` or columns as `inputs`',
      rowsOrColumnsSchema(model, maxRows),
      { oneOf: [predictions, object({ outputs: {} })] },
      { instances: [example] },
    );
    paths[`${at}:explain`] = post(
      id('explainV1'),
      'KServe v1: what each field adds to the answer, beside a typical record',
      rowsSchema(model, Math.min(maxRows, mostExplained)),
      object({
        predictions: { type: 'array' },
        explanations: list(anyObject),
        method: anyObject,
        model: ref('ModelVersion'),
      }),
      { instances: [example] },
    );
    const verb = model.task === 'classification' ? 'classify' : 'regress';
    paths[`${at}:${verb}`] = post(
      id(verb),
      `TensorFlow Serving: ${verb} examples`,
      examplesSchema(model, maxRows),
      object({ results: { type: 'array' } }),
      { examples: [example] },
    );
  }
  return paths;
}

/** @param notReady what 503 says, where that is not an error. */
function get(operationId: string, summary: string, answer: object, notReady?: Schema): Record<string, Operation> {
  const unavailable = notReady === undefined ? {} : { 503: json({ anyOf: [notReady, ref('Error')] }, 'not ready') };
  return { get: { operationId, summary, responses: { 200: answer, ...failureResponses(), ...unavailable } } };
}

function post(
  operationId: string,
  summary: string,
  body: Schema,
  answer: Schema,
  example: object,
  otherTypes: object = {},
): Record<string, Operation> {
  const requestBody = { required: true, content: { 'application/json': { schema: body, example } } };
  const { description, content } = json(answer);
  const ok = { description, content: { ...content, ...otherTypes } };
  return { post: { operationId, summary, requestBody, responses: { 200: ok, ...failureResponses() } } };
}

function failureResponses(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(failures).map(([status, description]) => [status, json(ref('Error'), description)]),
  );
}
