// `POST /predict`: named-feature JSON in, flat rows out. The model is the first, or the one that the rest of the path names.
import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { describe, isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import type { Asked } from '../models/called.ts';
import { type InferenceContext, inferring } from './inference.ts';
import { sendJson } from './json.ts';

/** As TensorFlow Serving addresses models, after `/v1/models`. */
export const predictPaths = [
  '/predict',
  ...['', '/versions/:version', '/labels/:label'].map((which) => `/predict/:model${which}`),
];

export function predict(context: InferenceContext): RequestHandler {
  return inferring(context, {
    which: askedBy,
    read: (request) => ({ records: recordsOf(request.body) }),
    answer(response, { model, version, digest }, rows) {
      sendJson(response, 200, {
        model: { name: model.name, version, digest },
        predictions: rows.map((row) => ({ predictionId: randomUUID(), ...row })),
      });
    },
  });
}

function askedBy({ params }: Request): Asked {
  const { model, version, label } = params as Readonly<Record<string, string | undefined>>;
  return { name: model, version, label };
}

/** A record, an array of records, or `{"instances": [...]}`. @throws AppError `input-invalid`. */
export function recordsOf(body: unknown): readonly unknown[] {
  if (Array.isArray(body)) return body;
  if (!isFields(body) || !Object.hasOwn(body, 'instances')) return [body];
  const { instances, ...others } = body;
  const [other] = Object.keys(others);
  if (other !== undefined)
    throw new AppError('input-invalid', `expected \`instances\` alone, found ${describe(other)} beside it`);
  if (!Array.isArray(instances))
    throw new AppError('input-invalid', `\`instances\`: expected an array of records, found ${describe(instances)}`);
  return instances;
}
