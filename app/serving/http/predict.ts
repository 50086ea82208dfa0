// `POST /predict`: named-feature JSON in, flat rows out.
import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { describe, isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import { type InferenceContext, inference } from './inference.ts';

export function predict(context: InferenceContext): RequestHandler {
  return (request, response) => {
    const { predictor, rows } = inference(context, undefined, () => recordsOf(request.body));
    const { model, version, digest } = predictor;
    response.json({
      model: { name: model.name, version, digest },
      predictions: rows.map((row) => ({ predictionId: randomUUID(), ...row })),
    });
  };
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
