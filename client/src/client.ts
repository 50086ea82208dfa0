// The client of a trireme prediction service that runs in several places: `createClient`, and every type it speaks in.
import { asFailure, type Failure } from './errors.ts';
import { readJson, refuseNonFinite, toJson } from './json.ts';
import { type ClientOptions, checkOptions, expectNumber } from './options.ts';
import type { Circuit } from './policy/endpoint.ts';
import { decodeInfer, encodeInfer, type InferAnswer, type InferRequest } from './tensors/infer.ts';
import { Caller, type CallOptions } from './transport/caller.ts';
import type { HttpAnswer } from './transport/outcome.ts';
import type { Request } from './transport/try.ts';
import type { AnyService, InputNameOf, ModelOf, ModelVersion, OutputNameOf, RecordOf, RowOf } from './types.ts';

export {
  type ClientError,
  ExhaustedError,
  type Failure,
  type FailureReason,
  isClientError,
  RefusedError,
  TimedOutError,
  UsageError,
} from './errors.ts';
export type { ClientOptions, HedgeOptions } from './options.ts';
export type { InferAnswer, InferRequest, InputTensor, OutputTensor, TensorData } from './tensors/infer.ts';
export type { CallOptions } from './transport/caller.ts';
export type { AnyRecord, AnyRow, ModelVersion } from './types.ts';

export interface Prediction<Row> {
  readonly model: ModelVersion;
  readonly prediction: Row;
}

export interface Predictions<Row> {
  readonly model: ModelVersion;
  /** In the order of the records. */
  readonly predictions: readonly Row[];
}

/** `/v2/models/{model}`. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
}

/** `/version`. */
export interface Version {
  readonly buildId: string;
  readonly releaseId: string | null;
  readonly imageDigest: string | null;
  readonly models: readonly ModelVersion[];
}

/** What one endpoint says, or why it says nothing. */
export type Said<Answer> =
  | { readonly endpoint: string; readonly answer: Answer }
  | { readonly endpoint: string; readonly failure: Failure };

export interface EndpointState {
  readonly endpoint: string;
  readonly circuit: Circuit['state'];
  /** Moving average; absent before the first answer. */
  readonly latencyMs: number | undefined;
  /** Moving average, 0 to 1. */
  readonly failing: number;
}

/** Calls reject with a `ClientError`, or with the reason of their signal. */
export interface Client<Paths> {
  predict(record: RecordOf<Paths>, options?: CallOptions): Promise<Prediction<RowOf<Paths>>>;
  predict(records: readonly RecordOf<Paths>[], options?: CallOptions): Promise<Predictions<RowOf<Paths>>>;
  /** The same with another model than the first. */
  predictWith<Model extends ModelOf<Paths>>(
    model: Model,
    record: RecordOf<Paths, `/predict/${Model}`>,
    options?: CallOptions,
  ): Promise<Prediction<RowOf<Paths, `/predict/${Model}`>>>;
  predictWith<Model extends ModelOf<Paths>>(
    model: Model,
    records: readonly RecordOf<Paths, `/predict/${Model}`>[],
    options?: CallOptions,
  ): Promise<Predictions<RowOf<Paths, `/predict/${Model}`>>>;
  /** Open Inference Protocol v2: typed arrays travel as bytes, both ways. */
  infer<Model extends ModelOf<Paths>>(
    model: Model,
    request: InferRequest<InputNameOf<Paths, Model>, OutputNameOf<Paths, Model>>,
    options?: CallOptions,
  ): Promise<InferAnswer<OutputNameOf<Paths, Model>>>;
  /** The names of the models. */
  models(options?: CallOptions): Promise<readonly ModelOf<Paths>[]>;
  metadata(model: ModelOf<Paths>, options?: CallOptions): Promise<ModelMetadata>;
  /** Asks every endpoint, once. */
  ready(options?: CallOptions): Promise<readonly Said<true>[]>;
  /** Asks every endpoint, once: during a release they may differ. */
  version(options?: CallOptions): Promise<readonly Said<Version>[]>;
  /** What the client thinks of its endpoints now. */
  endpoints(): readonly EndpointState[];
}

/**
 * @typeParam Paths what openapi-typescript makes of the service's document; for this service's own, `@trireme/client/service`.
 * @throws UsageError when an option can't be.
 */
export function createClient<Paths = AnyService>(options: ClientOptions): Client<Paths> {
  const settings = checkOptions(options);
  const caller = new Caller(settings);
  const key: Record<string, string> = options.apiKey === undefined ? {} : { authorization: `Bearer ${options.apiKey}` };
  const request = <T>(method: 'GET' | 'POST', path: string, read: Request<T>['read'], sent?: Partial<Request<T>>) => ({
    method,
    path,
    read,
    ...sent,
    headers: { ...key, ...sent?.headers, 'x-request-id': randomId() },
  });
  const get = <T>(path: string, read: Request<T>['read']) => request('GET', path, read);
  const call = async <T>(one: Request<T>, callOptions: CallOptions = {}): Promise<T> => {
    const { timeoutMs, tryTimeoutMs } = callOptions;
    if (timeoutMs !== undefined) expectNumber('timeoutMs', timeoutMs, 1, 2 ** 31 - 1);
    if (tryTimeoutMs !== undefined) expectNumber('tryTimeoutMs', tryTimeoutMs, 1, 2 ** 31 - 1);
    return caller.call(one, callOptions);
  };
  const askAll = <T>(path: string, read: Request<T>['read'], callOptions: CallOptions = {}): Promise<Said<T>[]> =>
    Promise.all(
      settings.endpoints.map(async (endpoint, index): Promise<Said<T>> => {
        const outcome = await caller.ask(index, get(path, read), callOptions);
        callOptions.signal?.throwIfAborted();
        if (outcome.kind === 'answered') return { endpoint, answer: outcome.value };
        if (outcome.kind === 'failed') return { endpoint, failure: outcome.failure };
        if (outcome.kind === 'abandoned') throw new Error('abandoned, and nobody asked for it');
        return { endpoint, failure: asFailure(outcome.error) };
      }),
    );

  async function predict(path: string, given: unknown, callOptions?: CallOptions) {
    const isList = Array.isArray(given);
    const records: readonly unknown[] = isList ? given : [given];
    for (const record of records) refuseNonFinite('a record', Object.values(record ?? {}));
    const read = (answer: HttpAnswer) => readPredictions(answer, records.length);
    const headers = { 'content-type': 'application/json' };
    const answer = await call(request('POST', path, read, { headers, body: toJson(given) }), callOptions);
    return isList ? answer : { model: answer.model, prediction: answer.predictions[0] };
  }

  return {
    predict: ((given: unknown, callOptions?: CallOptions) =>
      predict('/predict', given, callOptions)) as Client<Paths>['predict'],
    predictWith: ((model: string, given: unknown, callOptions?: CallOptions) =>
      predict(`/predict/${encodeURIComponent(model)}`, given, callOptions)) as Client<Paths>['predictWith'],
    async infer(model, inference, callOptions) {
      const path = `/v2/models/${encodeURIComponent(model)}/infer`;
      const read = (answer: HttpAnswer) => decodeInfer(answer, inference.outputs);
      const answer = await call(request('POST', path, read, encodeInfer(inference)), callOptions);
      return answer as InferAnswer<OutputNameOf<Paths, typeof model>>;
    },
    models: (callOptions) => call(get('/v1/models', readModels<ModelOf<Paths>>), callOptions),
    metadata: (model, callOptions) =>
      call(get(`/v2/models/${encodeURIComponent(model)}`, readAs<ModelMetadata>('inputs')), callOptions),
    ready: (callOptions) => askAll('/v2/health/ready', () => true as const, callOptions),
    version: (callOptions) => askAll('/version', readAs<Version>('buildId'), callOptions),
    endpoints: () =>
      caller.fleet.endpoints.map(({ circuit, latencyMs, failing }, index) => ({
        endpoint: settings.endpoints[index] ?? '',
        circuit: circuit.state,
        latencyMs,
        failing,
      })),
  };
}

function readPredictions(answer: HttpAnswer, count: number): Predictions<unknown> {
  const { model, predictions } = readJson(answer);
  if (!Array.isArray(predictions) || predictions.length !== count)
    throw new Error(`expected ${count} predictions, found ${Array.isArray(predictions) ? predictions.length : 'none'}`);
  return { model: model as ModelVersion, predictions };
}

function readModels<Name>(answer: HttpAnswer): readonly Name[] {
  const { models } = readJson(answer);
  if (!Array.isArray(models)) throw new Error('expected `models` in the answer, found none');
  return models;
}

/** @param proof a field that no other answer has. */
function readAs<Answer>(proof: keyof Answer & string): (answer: HttpAnswer) => Answer {
  return (answer) => {
    const fields = readJson(answer);
    if (fields[proof] === undefined) throw new Error(`expected \`${proof}\` in the answer, found none`);
    return fields as Answer;
  };
}

/** Unlike `crypto.randomUUID`, also on pages without TLS. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
