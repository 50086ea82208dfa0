// Explanations of a request's records, in a process that answers predictions meanwhile.
import { AppError } from '../../model/errors.ts';
import type { PredictionRow } from '../../model/prediction.ts';
import type { Until } from '../http/inference.ts';
import type { Predictor } from '../predictor.ts';
import { type Explainer, type Explanation, explainerFor } from './explain.ts';
import { Room } from './room.ts';

export interface Explained {
  readonly explanations: readonly Explanation[];
  readonly method: Explainer['method'];
}

export class Explaining {
  /** Made for the first who asks for an explanation of the model. */
  readonly #explainers = new WeakMap<Predictor, Explainer>();
  readonly #room: Room;

  constructor(room = new Room()) {
    this.#room = room;
  }

  /**
   * @param rows what the model answers to the records.
   * @throws AppError `input-invalid` where a record in between has no finite answer; `overloaded`, `deadline-exceeded`.
   */
  async explain(
    predictor: Predictor,
    records: readonly unknown[],
    rows: readonly PredictionRow[],
    { deadline, isGone }: Until,
  ): Promise<Explained> {
    const explainer = this.#explainerOf(predictor);
    const { method } = explainer;
    return this.#room.hold(records.length * method.evaluations, async () => {
      const explanations: Explanation[] = [];
      for (const [index, row] of rows.entries()) {
        explanations.push(
          await this.#room.turn(async () => {
            if (isGone()) throw new AppError('deadline-exceeded', 'expected a client that waits, found it gone');
            return explainer.explain(records[index], row, deadline);
          }),
        );
      }
      return { explanations, method };
    });
  }

  #explainerOf(predictor: Predictor): Explainer {
    const known = this.#explainers.get(predictor);
    if (known !== undefined) return known;
    const explainer = explainerFor(predictor);
    this.#explainers.set(predictor, explainer);
    return explainer;
  }
}
