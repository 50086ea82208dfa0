// The ledger's branch in memory: compare-and-swap, lost acknowledgements and races as `infra/ledger/git.ts` meets them, facts chained by the real chain.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import type { Ledger } from '../contract/ports.ts';
import { placeOn } from '../ledger/chain.ts';
import { grown, indexOf } from '../ledger/index-of.ts';
import type { Process } from './process.ts';
import type { World } from './world.ts';

const readMs = 2_000;
const pushMs = 3_000;
const maxAttempts = 30;

/** @param now true time. */
export function ledgerFor(world: World, process: Process, now: () => number): Ledger {
  let turn: Promise<unknown> = Promise.resolve();

  function read(): Promise<readonly Fact[]> {
    return process.call('ledger.facts', { takesMs: readMs, faults: ['fail', 'time-out'], apply: () => world.facts });
  }

  async function append(decide: Parameters<Ledger['append']>[0]): Promise<readonly Fact[]> {
    let offered: Fact | undefined;
    let refusals = 0;
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      if (attempt > 0) await process.sleep(25 * 2 ** Math.min(attempt, 5));
      const snapshot = await read();
      const { ids, added } = placeOn(snapshot, decide(snapshot), asTyped);
      // The last try may have arrived although its acknowledgement did not.
      if (offered !== undefined && snapshot.includes(offered)) return [offered];
      if (added.length === 0) return named(snapshot, ids);
      offered = added[0];
      const accepted = await push(snapshot, added).catch((cause: unknown) => {
        if (!(cause instanceof DeliveryError) || ++refusals >= 2) throw cause;
        return false;
      });
      if (accepted) return named(grown(snapshot, added), ids);
    }
    throw new DeliveryError('errored', `could not append in ${maxAttempts} tries`);
  }

  function push(expected: readonly Fact[], added: readonly Fact[]): Promise<boolean> {
    const write = () => {
      if (world.facts !== expected) return false;
      world.facts = grown(expected, added);
      for (const fact of added) world.writtenMs.set(fact.id, now());
      world.witness.appended(added, process);
      return true;
    };
    const what = `ledger.append ${added.map(inWords).join(', ')}`;
    return process.call(what, { takesMs: pushMs, faults: ['fail', 'lost', 'time-out'], apply: write });
  }

  /** One at a time in one process, as the real one. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  }

  return {
    location: 'memory',
    facts: () => inTurn(read),
    append: (decide) => inTurn(() => append(decide)),
  };
}

function named(facts: readonly Fact[], ids: readonly string[]): readonly Fact[] {
  const { byId } = indexOf(facts);
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Facts never leave the types here: the schema is asked where they become bytes. */
function asTyped(fact: Fact): Fact {
  return fact;
}

export function inWords(fact: Fact): string {
  const where = 'stack' in fact ? fact.stack : 'environment' in fact ? fact.environment : '';
  const state = 'state' in fact.body ? fact.body.state : 'outcome' in fact.body ? fact.body.outcome : '';
  const release = 'release' in fact ? fact.release : '';
  const reason = 'reason' in fact.body && fact.body.reason !== undefined ? `(${fact.body.reason})` : '';
  return [fact.kind, release, where, state, reason].filter((word) => word !== '').join(' ');
}
