// Has a world come to rest? Every stack runs one sound release, and the ledger says which.
import { environments } from '../contract/stack.ts';
import { isSound } from './quality.ts';
import type { Rules } from './rules.ts';
import { everyStack, type World } from './world.ts';

/** Every stack of every environment that anything was ever deployed to runs one proven release, and the ledger says so. */
export function unsettled(world: World, rules: Rules): readonly string[] {
  return environments.flatMap((environment) => {
    const stacks = everyStack.filter((stack) => stack.environment === environment);
    const touched = stacks.some(({ name }) =>
      world.facts.some((fact) => fact.kind === 'deployment' && fact.stack === name),
    );
    if (!touched) return [];
    const wrong = stacks.flatMap(({ name }) => {
      const { serving, shared } = world.state(name);
      const claimed = rules.claimOn(name);
      if (serving === undefined) return [`${name} runs nothing`];
      if (shared !== undefined) return [`${name} gives ${shared} % to its candidate`];
      const sound = !serving.dead && isSound(world.qualityOn(name, serving.release));
      if (!sound) return [`${name} runs ${serving.release}, which is bad`];
      return claimed === serving.release
        ? []
        : [`${name} runs ${serving.release}, the ledger says ${claimed ?? 'unknown'}`];
    });
    const different = new Set(stacks.map(({ name }) => world.state(name).serving?.release));
    return different.size > 1 ? [...wrong, `${environment} runs ${[...different].join(' and ')}`] : wrong;
  });
}
