// In GitHub Actions: cancels the runs whose promotions this one superseded, and says so.
import type { Delivery } from '../delivery/delivery.ts';
import { promotionState } from '../delivery/promotion-state.ts';
import type { Cli } from './cli.ts';

/** Best effort: the ledger has refused them already. */
export async function cancelSupersededRuns(
  cli: Cli,
  { ledger }: Pick<Delivery, 'ledger'>,
  promotion: string,
): Promise<void> {
  const { actions } = cli.environment;
  if (actions === undefined) return;
  const { cancelSuperseded } = await import('../github/superseding.ts');
  const stands = async () => promotionState(await ledger.facts(), promotion) === 'prepared';
  for (const line of await cancelSuperseded(actions, stands)) cli.output.talk(line, 'dim');
}
