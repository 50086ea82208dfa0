// The routes that say what this service is: `/`, `/version`, `/metrics`.
import type { RequestHandler } from 'express';
import type { Identity } from '../identity.ts';
import type { Life } from '../life.ts';
import type { Metrics } from '../metrics/metrics.ts';

export const routes = {
  'GET /': 'this page',
  'POST /predict': 'a record, an array of records, or {"instances": [...]}',
  'POST /predict/{model}': 'the same for a model by name; also under /versions/… and /labels/…',
  'GET /v2': 'the Open Inference Protocol: this server',
  'GET /v2/health/live': '200 while the process runs',
  'GET /v2/health/ready': '200 when the models are loaded, checked and warm; 503 with the reason otherwise',
  'GET /v2/models/{model}': 'its inputs and outputs',
  'GET /v2/models/{model}/ready': '200 when it answers',
  'POST /v2/models/{model}/infer': 'inference with tensors, JSON or binary',
  'GET /v2/models/{model}/stats': 'how often it answered and how long that took',
  'GET /v1/models': 'the models, for clients of KServe v1',
  'GET /v1/models/{model}': 'its status, for clients of TensorFlow Serving',
  'GET /v1/models/{model}/metadata': 'its signature',
  'POST /v1/models/{model}:predict': 'inference with rows or columns; also :classify, :regress and :explain',
  'GET /openapi.json': 'all of this as OpenAPI 3.1',
  'GET /docs': 'the same as a page',
  'GET /version': 'build, release, image and model digests',
  'GET /metrics': 'Prometheus metrics',
  'PUT /admin/models/{model}/labels/{label}': 'the label means another version; needs a key of ADMIN_KEYS',
} as const;

export function root(life: Life): RequestHandler {
  return (_request, response) => {
    const [first] = life.models;
    response.json({
      service: 'trireme prediction service',
      ready: life.phase === 'ready',
      models: life.models.map((one) => ({
        name: one.model.name,
        task: one.model.task,
        version: one.version,
        labels: life.served.labelsOf(one),
      })),
      routes,
      ...(first === undefined
        ? {}
        : {
            example: {
              method: 'POST',
              path: '/predict',
              headers: { 'content-type': 'application/json' },
              body: first.example,
            },
          }),
    });
  };
}

export function version(life: Life, identity: Identity): RequestHandler {
  return (_request, response) => {
    response.json({
      ...identity,
      models: life.models.map((one) => {
        const { model, version, digest, engine } = one;
        return { name: model.name, version, digest, labels: life.served.labelsOf(one), engine };
      }),
      engine: life.models[0]?.engine ?? null,
      ready: life.phase === 'ready',
    });
  };
}

export function exposition(metrics: Metrics): RequestHandler {
  return async (_request, response) => {
    response.set('content-type', metrics.contentType).send(await metrics.text());
  };
}
