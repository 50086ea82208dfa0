// `trireme freeze` and `trireme thaw`: the kill switch of an environment. Rolling back stays possible while it is frozen.
import { DeliveryError } from '../../contract/errors.ts';
import { lastEnvironment } from '../../contract/stack.ts';
import { freezeEnvironment, thawEnvironment } from '../../delivery/stop.ts';
import { type Verb, verb } from '../cli.ts';
import { environmentOf } from '../selection.ts';
import { wireLedger } from '../wiring.ts';

interface Options {
  readonly environment: string;
  readonly reason: string;
  readonly until?: string;
  readonly json?: boolean;
}

export const freeze: Verb = (cli) =>
  verb('freeze', 'Stops every promotion into an environment at once; rolling back stays possible')
    .option('--environment <environment>', 'dev or prod', lastEnvironment)
    .requiredOption('--reason <reason>', 'why, for everyone who meets it')
    .option('--until <time>', 'when it ends by itself, such as 2026-12-01T08:00Z (default: when it is thawed)')
    .action(async ({ environment, reason, until }: Options) => {
      const office = await wireLedger(cli.environment);
      const fact = await freezeEnvironment(office, environmentOf(environment), reason, timeOf(until));
      const end = fact.body.until === undefined ? '' : ` until ${fact.body.until}`;
      cli.end({
        sentence: `${fact.environment} is frozen${end}: ${fact.body.reason}`,
        next: `npx trireme thaw --environment ${fact.environment} --reason "<reason>"`,
        json: { freeze: fact.id, environment: fact.environment, ...fact.body },
      });
    });

export const thaw: Verb = (cli) =>
  verb('thaw', 'Ends the freeze of an environment')
    .option('--environment <environment>', 'dev or prod', lastEnvironment)
    .requiredOption('--reason <reason>', 'why it may go on')
    .action(async ({ environment, reason }: Options) => {
      const fact = await thawEnvironment(await wireLedger(cli.environment), environmentOf(environment), reason);
      cli.end({
        sentence: `${fact.environment} is thawed: ${fact.body.reason}`,
        next: 'npx trireme status',
        json: { thaw: fact.id, environment: fact.environment, ...fact.body },
      });
    });

/** A time without an offset would mean something else on every machine. @throws DeliveryError `usage`. */
function timeOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/.test(word) ? Date.parse(word) : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new DeliveryError('usage', `expected --until with a time and its offset; found \`${word}\``, {
    hint: 'such as 2026-12-01T08:00Z or 2026-12-01T09:00+01:00',
  });
}
