// The operator, once faults have stopped: looks at what is wrong and does what the commands' own hints say, a bounded number of times.
import { DeliveryError } from '../contract/errors.ts';
import { releaseIdOf } from '../contract/release.ts';
import { environments } from '../contract/stack.ts';
import { stamp } from '../delivery/delivery.ts';
import { recover as lookAgain } from '../delivery/recover.ts';
import { thawEnvironment } from '../delivery/stop.ts';
import { approve, carryOut, order, prepare, releaseToDev, rollBack } from './actors.ts';
import { unsettled } from './settled.ts';
import { emptyStack } from './stack-truth.ts';
import { people, perform, type Stage } from './stage.ts';
import { everyStack } from './world.ts';

/** How often an operator tries before it counts as stuck. */
const mostRounds = 3;
/** Jobs that were lost are taken for lost after an hour of silence. */
const silenceMs = 2 * 3_600_000;

/** @returns what is still wrong; nothing, when every stack runs one proven release. */
export async function recover(stage: Stage, goesOn: boolean): Promise<readonly string[]> {
  const { world, scheduler, rules } = stage;
  let wrong = unsettled(world, rules);
  if (wrong.length === 0 && !goesOn) return [];
  await scheduler.wait(silenceMs);
  // `pulumi cancel`: every process is known to be gone.
  world.locks.clear();
  await liftOrders(stage);
  for (let round = 1; round <= mostRounds && wrong.length > 0; round++) {
    stage.weather.trace(`round ${round}: ${wrong.join('; ')}`);
    await clearWhatBlocks(stage, `r${round}`);
    // Back first, as the commands say; forward with a new release where there is no way back.
    for (const environment of environments) {
      await perform(stage, `r${round}-${environment}-recover`, { kind: 'paper' }, people.colleague, (delivery) =>
        lookAgain(delivery, environment, { gone: true }),
      );
    }
    wrong = unsettled(world, rules);
    for (const environment of environments) {
      if (wrong.some((one) => one.includes(environment)))
        await rollBack(stage, `r${round}-${environment}`, environment);
    }
    wrong = unsettled(world, rules);
    if (wrong.length > 0) await goForward(stage, `r${round}`);
    wrong = unsettled(world, rules);
  }
  if (wrong.length > 0 || !goesOn) return wrong;
  const first = await goForward(stage, 'last');
  if (notTakenBy(stage, first).length === 0) return [];
  // A plain `up` may have left half a service, which the first try is told of.
  await clearWhatBlocks(stage, 'last');
  const second = await goForward(stage, 'last-again');
  return notTakenBy(stage, second).map((name) => `${name} does not take ${second}`);
}

/** The stacks of prod that do not run it. */
function notTakenBy({ world }: Stage, release: string | undefined): readonly string[] {
  const prod = everyStack.filter(({ environment }) => environment === 'prod');
  return prod.map(({ name }) => name).filter((name) => world.state(name).serving?.release !== release);
}

/** A new release, through dev into prod, over whatever is there: the commands' own `--override`. @returns the release. */
async function goForward(stage: Stage, name: string): Promise<string | undefined> {
  const release = await releaseToDev(stage, name);
  if (release === undefined) return undefined;
  const promotion = await prepare(stage, name, release, 'nothing else leads out');
  if (promotion === undefined) return undefined;
  await approve(stage, name, promotion, people.approver);
  await carryOut(stage, `${name}-carry`, promotion);
  return releaseIdOf(release);
}

async function liftOrders(stage: Stage): Promise<void> {
  const { facts } = stage.world;
  const frozen = facts.findLast((fact) => fact.kind === 'freeze' || fact.kind === 'thaw');
  if (frozen?.kind !== 'freeze') return;
  await order(stage, 'r-thaw', (delivery) => thawEnvironment(delivery, frozen.environment, 'it is over'));
}

/** `destroy`, as the hint says, where a service that could not be created takes no update. */
async function clearWhatBlocks(stage: Stage, name: string): Promise<void> {
  for (const stack of everyStack) {
    const state = stage.world.state(stack.name);
    if (!state.failedCreate) continue;
    Object.assign(state, emptyStack());
    await perform(stage, `${name}-destroy-${stack.name}`, { kind: 'outside' }, people.colleague, (delivery) => {
      if (state.serving !== undefined) throw new DeliveryError('errored', 'it is still there');
      const body = { replaced: null, reason: 'it could not be created' };
      const { environment, name: removed } = stack;
      return delivery.ledger.append(() => [{ ...stamp(delivery), kind: 'removal', environment, stack: removed, body }]);
    });
  }
}
