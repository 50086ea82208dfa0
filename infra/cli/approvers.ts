// Where an approval comes from: GitHub in Actions, a flag, a person at the terminal; otherwise nobody, and the promotion waits.
import { createInterface } from 'node:readline/promises';
import type { Approver } from '../contract/ports.ts';
import type { Cli } from './cli.ts';

/** @param approveAs the value of `--approve-as`. */
export async function approverFor(cli: Cli, approveAs: string | undefined): Promise<Approver | undefined> {
  const { actions } = cli.environment;
  if (approveAs !== undefined) return { decide: async () => ({ actor: { login: approveAs, via: 'local' } }) };
  if (actions !== undefined) {
    const { githubApprover } = await import('../github/approvals.ts');
    return githubApprover(actions);
  }
  return cli.interactive ? promptingApprover(cli) : undefined;
}

function promptingApprover(cli: Cli): Approver {
  return {
    async decide(promotion) {
      const prompt = createInterface({ input: process.stdin, output: process.stderr });
      try {
        const question = `approve ${promotion.release} for ${promotion.environment}? your name to approve, Enter to leave it waiting: `;
        const login = (await prompt.question(question, { signal: cli.signal })).trim();
        return login === '' ? undefined : { actor: { login, via: 'local' } };
      } finally {
        prompt.close();
      }
    },
  };
}
