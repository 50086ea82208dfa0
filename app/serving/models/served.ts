// The models of this process: which versions each has, and which of them a label means. A value: a moved label makes another.
import { AppError } from '../../model/errors.ts';
import type { ModelLabel } from '../../model/labels.ts';
import type { Predictor } from '../predictor.ts';

export interface LabelledModel {
  readonly predictor: Predictor;
  readonly label: ModelLabel;
}

/** For each model, the version a label means; a model that is served has a champion. */
type Labels = ReadonlyMap<string, ReadonlyMap<ModelLabel, Predictor>>;

export class Served {
  /** Model after model in the order stated, the champion of each first: the first of all answers `/predict`. */
  readonly all: readonly Predictor[];
  readonly #labels: Labels;
  readonly #versions: ReadonlyMap<string, readonly Predictor[]>;

  private constructor(all: readonly Predictor[], labels: Labels) {
    this.#labels = labels;
    this.#versions = new Map(
      [...labels].map(([name, labelled]) => {
        const champion = labelled.get('champion');
        const versions = all.filter(({ model }) => model.name === name);
        return [name, [...versions].sort((a, b) => Number(b === champion) - Number(a === champion))];
      }),
    );
    this.all = [...this.#versions.values()].flat();
  }

  static readonly none = new Served([], new Map());

  /** @throws AppError `artifact-damaged` for two versions that are told apart by nothing, and for a challenger without a champion. */
  static of(models: readonly LabelledModel[]): Served {
    const labels = new Map<string, Map<ModelLabel, Predictor>>();
    for (const { predictor, label } of models) {
      const { name } = predictor.model;
      const versions = labels.get(name) ?? new Map<ModelLabel, Predictor>();
      if (versions.has(label)) throw refused(`one ${label} of ${name}`, 'two');
      if ([...versions.values()].some(({ digest }) => digest === predictor.digest))
        throw refused(`two versions of ${name}`, `${predictor.version} twice`);
      labels.set(name, versions.set(label, predictor));
    }
    for (const [name, versions] of labels)
      if (!versions.has('champion')) throw refused(`a champion of ${name}`, 'its challenger alone');
    return new Served(
      models.map(({ predictor }) => predictor),
      labels,
    );
  }

  get names(): readonly string[] {
    return [...this.#labels.keys()];
  }

  /** Its champion first. */
  versionsOf(name: string): readonly Predictor[] {
    return this.#versions.get(name) ?? [];
  }

  labelled(name: string, label: ModelLabel): Predictor | undefined {
    return this.#labels.get(name)?.get(label);
  }

  labelsOf(predictor: Predictor): ModelLabel[] {
    const versions = this.#labels.get(predictor.model.name) ?? new Map<ModelLabel, Predictor>();
    return [...versions].flatMap(([label, one]) => (one === predictor ? [label] : [])).sort();
  }

  /** One label may be on a version that has the other: then the two mean the same. @param predictor one of `all`, so that it can answer. */
  moved(label: ModelLabel, predictor: Predictor): Served {
    const { name } = predictor.model;
    const versions = new Map(this.#labels.get(name)).set(label, predictor);
    return new Served(this.all, new Map(this.#labels).set(name, versions));
  }
}

function refused(expected: string, found: string): AppError {
  return new AppError('artifact-damaged', `expected ${expected}, found ${found}; make the release again`);
}
