// A ledger whose new facts are told to people: whichever verb wrote them, on whichever machine, nobody has to think of the notice.
import type { Fact } from '../contract/fact.ts';
import type { Ledger, Notifier } from '../contract/ports.ts';

export function tellingLedger<L extends Ledger>(ledger: L, notifier: Notifier): L {
  return {
    ...ledger,
    async append(decide: Parameters<Ledger['append']>[0]) {
      let before: readonly Fact[] = [];
      const standing = await ledger.append((facts) => {
        before = facts;
        return decide(facts);
      });
      // A fact that is sent again was told of the first time.
      const known = new Set(before.map(({ id }) => id));
      const added = standing.filter(({ id }) => !known.has(id));
      if (added.length > 0) await notifier.heard(added, [...before, ...added]);
      return standing;
    },
  };
}
