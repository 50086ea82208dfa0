// `PUT /admin/models/{model}/labels/{label}`: the label means another version at once, in every process of this service.
import type { RequestHandler } from 'express';
import { isFields } from '../../model/document.ts';
import { AppError } from '../../model/errors.ts';
import { modelLabels } from '../../model/labels.ts';
import type { Life } from '../life.ts';
import { type LabelMove, labelMove } from '../models/labels.ts';

export interface LabelMoving {
  /** Without admin keys anybody could ask for it: then nobody may. */
  readonly isGuarded: boolean;
  /** Resolves when it is moved in every process. Rejects with AppError `model-unknown`, `deadline-exceeded`. */
  readonly move: (move: LabelMove) => Promise<void>;
}

export function moveLabel(life: Life, { isGuarded, move }: LabelMoving): RequestHandler {
  return async (request, response) => {
    if (!isGuarded)
      throw new AppError('forbidden', 'expected ADMIN_KEYS to be set, as labels are moved with a key; found none');
    if (!life.answers)
      throw new AppError('not-ready', `expected a ready service, found one that is not: ${life.reason}`);
    const { model = '', label = '' } = request.params as Readonly<Record<string, string | undefined>>;
    const body: unknown = request.body;
    await move(labelMove(model, label, isFields(body) ? body.version : undefined));
    const { served } = life;
    const labels = modelLabels.map((one) => [one, served.labelled(model, one)?.version] as const);
    response.json({ model, labels: Object.fromEntries(labels.filter(([, version]) => version !== undefined)) });
  };
}
