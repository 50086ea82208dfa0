// TensorFlow Serving's REST API v1, and KServe's v1, which shares its addresses.
// https://www.tensorflow.org/tfx/serving/api_rest · https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol
import type { Express, Request, RequestHandler } from 'express';
import { AppError } from '../../model/errors.ts';
import type { Model } from '../../model/schema.ts';
import type { Explaining } from '../explain/explaining.ts';
import { methodNotAllowed } from '../http/failure.ts';
import { type InferenceContext, inferring, type Reading } from '../http/inference.ts';
import { sendJson } from '../http/json.ts';
import { type Asked, modelCalled } from '../models/called.ts';
import { answerJson } from './answer.ts';
import { bytesBody, parseJson } from './body.ts';
import { classifications, metadata, outputs, predictions, regressions, status } from './tensorflow-answers.ts';
import {
  type ExplainReading,
  mostExplained,
  type PredictReading,
  readExamples,
  readExplain,
  readPredict,
} from './tensorflow-requests.ts';

const verbs = ['predict', 'classify', 'regress', 'explain'] as const;
type Verb = (typeof verbs)[number];

export function addTensorflowServing(app: Express, context: InferenceContext, bodyLimitBytes: number): void {
  const { life } = context;
  const getOnly = methodNotAllowed('GET', 'HEAD');
  const postOnly = methodNotAllowed('POST');
  const inferences = inferencesOf(context);
  const body = bytesBody(bodyLimitBytes);

  // The verb follows a colon, which a client may escape: the last part of the path is taken apart here, decoded.
  const isVerb = (request: Request) => partsOf(request).verb !== undefined;
  const wrongMethod: RequestHandler = (request, response, next) =>
    (isVerb(request) ? postOnly : getOnly)(request, response, next);
  const infer: RequestHandler = (request, response, next) => {
    const word = partsOf(request).verb;
    // The word is the client's: looked for among ours, where what every object has is not found.
    const verb = verbs.find((one) => one === word);
    if (verb === undefined)
      throw new AppError('not-found', `expected one of :${verbs.join(', :')} after the model, found another word`);
    return inferences[verb](request, response, next);
  };

  app
    .route('/v1/models')
    .get((_request, response) => sendJson(response, 200, { models: life.served.names }))
    .all(getOnly);
  for (const path of ['/v1/models/:model', '/v1/models/:model/versions/:version', '/v1/models/:model/labels/:label']) {
    app
      .route(path)
      .get((request, response, next) => {
        if (isVerb(request)) return postOnly(request, response, next);
        if (!life.answers)
          throw new AppError('not-ready', `expected a ready service, found one that is not: ${life.reason}`);
        const { asked } = partsOf(request);
        const predictor = modelCalled(life.served, asked);
        // Without a version or a label: every version there is.
        const isOne = asked.version !== undefined || asked.label !== undefined;
        const versions = isOne ? [predictor] : life.served.versionsOf(predictor.model.name);
        // KServe's client takes 503 for "not ready".
        sendJson(response, life.phase === 'ready' ? 200 : 503, status(versions, life.phase === 'ready'));
      })
      .post((request, response, next) => (isVerb(request) ? next() : getOnly(request, response, next)), body, infer)
      .all(wrongMethod);
    app
      .route(`${path}/metadata`)
      .get((request, response) => sendJson(response, 200, metadata(modelCalled(life.served, partsOf(request).asked))))
      .all(getOnly);
  }
}

function inferencesOf(context: InferenceContext): Readonly<Record<Verb, RequestHandler>> {
  const which = (request: Request) => partsOf(request).asked;
  const json = ({ body }: Request) => parseJson(body);
  // Loaded by the first who asks: no prediction needs it.
  let loading: Promise<Explaining> | undefined;
  const explaining = () => {
    loading ??= import('../explain/explaining.ts').then(({ Explaining }) => new Explaining());
    return loading;
  };
  return {
    predict: inferring<PredictReading>(context, {
      which,
      read: (request, { model }) => readPredict(json(request), model, context.maxRows),
      answer: (response, { model }, rows, { form }) =>
        answerJson(response, form === 'rows' ? predictions(model, rows) : outputs(model, rows)),
    }),
    classify: inferring<Reading>(context, {
      which,
      read(request, { model }) {
        requireTask(model, 'classification', 'classify');
        return readExamples(json(request), context.maxRows);
      },
      answer: (response, { model }, rows) => answerJson(response, classifications(model, rows)),
    }),
    regress: inferring<Reading>(context, {
      which,
      read(request, { model }) {
        requireTask(model, 'regression', 'regress');
        return readExamples(json(request), context.maxRows);
      },
      answer: (response, _predictor, rows) => answerJson(response, regressions(rows)),
    }),
    explain: inferring<ExplainReading>(context, {
      which,
      read: (request, { model }) => readExplain(json(request), model, Math.min(context.maxRows, mostExplained)),
      async also(response, predictor, rows, reading, until) {
        // Each record costs thousands of rows: it counts as a request, the first of them did at the gate.
        context.charge(response.req, response, reading.records.length - 1);
        return { ...reading, explained: await (await explaining()).explain(predictor, reading.records, rows, until) };
      },
      answer: (response, { model, version, digest }, rows, { explained }) =>
        answerJson(response, {
          ...predictions(model, rows),
          ...explained,
          model: { name: model.name, version, digest },
        }),
    }),
  };
}

function requireTask(model: Model, task: Model['task'], verb: Verb): void {
  if (model.task === task) return;
  throw new AppError('input-invalid', `:${verb}: expected a model for ${task}, found ${model.name}, for ${model.task}`);
}

/** `/v1/models/{model}[/versions/{version}|/labels/{label}][:verb]` */
function partsOf({ params }: Request): { asked: Asked; verb: string | undefined } {
  const { model, version, label } = params as Readonly<Record<string, string | undefined>>;
  const last = version ?? label ?? model ?? '';
  const colon = last.lastIndexOf(':');
  const word = colon < 0 ? last : last.slice(0, colon);
  return {
    verb: colon < 0 ? undefined : last.slice(colon + 1),
    asked: {
      name: version === undefined && label === undefined ? word : model,
      version: version === undefined ? undefined : word,
      label: label === undefined ? undefined : word,
      inTensorflowWords: true,
    },
  };
}
