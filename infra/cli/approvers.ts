// Where an approval comes from: GitHub in Actions, a flag, a person at the terminal; otherwise nobody, and the promotion waits.
import type { Approver } from '../contract/ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { ask } from './ask.ts';
import type { Cli } from './cli.ts';

/** @param approveAs the value of `--approve-as`. @param office what the gate on GitHub holds a review against. */
export async function approverFor(
  cli: Cli,
  approveAs: string | undefined,
  { ledger, policy }: Pick<Delivery, 'ledger' | 'policy'>,
): Promise<Approver | undefined> {
  const { actions } = cli.environment;
  if (approveAs !== undefined) return { decide: async () => ({ actor: { login: approveAs, via: 'local' } }) };
  if (actions !== undefined) {
    const { githubApprover } = await import('../github/approvals.ts');
    return githubApprover(actions, { facts: () => ledger.facts(), rules: policy.approvals });
  }
  return cli.interactive ? promptingApprover(cli) : undefined;
}

function promptingApprover(cli: Cli): Approver {
  return {
    async decide({ release, environment }) {
      const question = `approve ${release} for ${environment}? your name to approve, Enter to leave it waiting: `;
      const login = await ask(question, cli.signal);
      return login === '' ? undefined : { actor: { login, via: 'local' } };
    },
  };
}
