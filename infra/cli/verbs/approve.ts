// `trireme approve`: one person's permission for one prepared promotion.
import { approvePromotion } from '../../delivery/approve.ts';
import { type Verb, verb } from '../cli.ts';
import { wireLedger } from '../wiring.ts';

interface Options {
  readonly as?: string;
  readonly json?: boolean;
}

export const approve: Verb = (cli) =>
  verb('approve', 'Approves a prepared promotion, where policy.yaml accepts local approvals')
    .argument('<promotion>', 'as `trireme promote` named it')
    .option('--as <name>', 'who approves (default: who runs this)')
    .action(async (promotion: string, options: Options) => {
      const office = await wireLedger(cli.environment);
      const login = options.as ?? office.actor.login;
      const approval = await approvePromotion(office, promotion, { login, via: 'local' });
      cli.end({
        sentence: `${login} approved ${promotion} of ${approval.release} for ${approval.environment}, until ${approval.body.expires}`,
        next: `npx trireme promote --promotion ${promotion}`,
        json: { approval: approval.id, ...approval.body },
      });
    });
