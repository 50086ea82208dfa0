// The Express application: every route there is, in one place.
import type { RequestListener } from 'node:http';
import express from 'express';
import type { Identity } from '../identity.ts';
import type { Life } from '../life.ts';
import type { Log, RequestLog } from '../log.ts';
import type { Metrics } from '../metrics/metrics.ts';
import { addOpenInference } from '../protocols/open-inference.ts';
import { createStatistics } from '../protocols/statistics.ts';
import { addTensorflowServing } from '../protocols/tensorflow-serving.ts';
import type { Settings } from '../settings/settings.ts';
import { exposition, root, version } from './about.ts';
import { docs, openapi } from './docs.ts';
import { failureHandler, methodNotAllowed, notFound } from './failure.ts';
import type { Charge, Gate } from './gate.ts';
import { type LabelMoving, moveLabel } from './labels.ts';
import { predict, predictPaths } from './predict.ts';
import { quickPredict } from './quick-predict.ts';
import { everyRequest, jsonBody } from './request.ts';

export interface AppDependencies {
  readonly life: Life;
  readonly identity: Identity;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly gate: Gate;
  readonly charge: Charge;
  readonly requestLog: RequestLog | undefined;
  readonly limits: Pick<Settings, 'bodyLimitBytes' | 'maxRows' | 'apiKeys' | 'adminKeys'>;
  readonly labels: LabelMoving;
}

export function createApp({
  life,
  identity,
  metrics,
  log,
  gate,
  charge,
  requestLog,
  limits,
  labels,
}: AppDependencies): RequestListener {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', false).enable('case sensitive routing');
  app.use(everyRequest({ life, metrics, gate, requestLog }));

  const body = jsonBody(limits.bodyLimitBytes);
  const statistics = createStatistics();
  const context = { life, metrics, statistics, maxRows: limits.maxRows, charge };
  const reads = methodNotAllowed('GET', 'HEAD');
  const writes = methodNotAllowed('POST');
  app.route('/').get(root(life)).all(reads);
  const predicting = predict(context);
  for (const path of predictPaths) app.route(path).post(body, predicting).all(writes);
  addOpenInference(app, context, identity, limits.bodyLimitBytes);
  addTensorflowServing(app, context, limits.bodyLimitBytes);
  app.route('/admin/models/:model/labels/:label').put(body, moveLabel(life, labels)).all(methodNotAllowed('PUT'));
  app.route('/version').get(version(life, identity)).all(reads);
  app
    .route('/openapi.json')
    .get(openapi(life, identity, limits))
    .all(reads);
  app.route('/docs').get(docs()).all(reads);
  // The second is where TensorFlow Serving has them.
  for (const path of ['/metrics', '/monitoring/prometheus/metrics'])
    app.route(path).get(exposition(metrics)).all(reads);
  app.use(notFound);
  app.use(failureHandler(log, limits.bodyLimitBytes));
  return quickPredict({ life, metrics, statistics, gate, requestLog, limits }, app);
}
