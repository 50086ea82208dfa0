// The models as a log line names them.
import type { Served } from './served.ts';

export function tellModels(served: Served): object[] {
  return served.all.map((one) => {
    const { model, digest, engine } = one;
    return { name: model.name, digest, labels: served.labelsOf(one), engine };
  });
}
