// Several engines as one: each run goes to the one that is planned for its number of rows.
import { type Dropped, type Measurement, planOf } from './choice.ts';
import type { Engine } from './engine.ts';

/** Engines that the plan leaves out are let go. @param measured all of `engines`. @param dropped those that were not among them. */
export function sharing(
  engines: readonly Engine[],
  measured: readonly Measurement[],
  dropped: readonly Dropped[] = [],
): Engine {
  const plan = planOf(measured);
  const steps = plan.flatMap(({ fromRows, engine }) => {
    const found = engines.find(({ name }) => name === engine);
    return found === undefined ? [] : [{ fromRows, engine: found }];
  });
  for (const engine of engines) if (!steps.some((step) => step.engine === engine)) engine.dispose?.();
  const choice = { plan, measured, dropped };
  const [first] = steps;
  if (first === undefined) throw new RangeError('expected an engine for each step of the plan; found none');
  if (steps.length === 1) return { ...first.engine, choice };
  const parts = [...new Set(steps.map(({ engine }) => engine))];
  return {
    name: parts.map(({ name }) => name).join('+'),
    inputWidth: first.engine.inputWidth,
    outputWidth: first.engine.outputWidth,
    parts,
    choice,
    run(inputs, rows) {
      let { engine } = first;
      for (const step of steps) if (rows >= step.fromRows) engine = step.engine;
      return engine.run(inputs, rows);
    },
  };
}
