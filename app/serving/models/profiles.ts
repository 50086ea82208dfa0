// The reference profile of each loaded model: kept as text until somebody asks for an explanation.
import { type Profile, parseProfile } from '../../model/profile.ts';
import type { Predictor } from '../predictor.ts';

const texts = new WeakMap<Predictor, string>();

export function keepProfile(predictor: Predictor, text: string): void {
  texts.set(predictor, text);
}

/** @throws AppError `schema-unknown` or `document-invalid`. */
export function profileOf(predictor: Predictor): Profile {
  return parseProfile(texts.get(predictor) ?? '');
}
