// `trireme history`: what happened, fact by fact.
import { DeliveryError } from '../../contract/errors.ts';
import type { FactKind } from '../../contract/fact.ts';
import { environments } from '../../contract/stack.ts';
import { factInWords, historyOf } from '../../delivery/history.ts';
import { type Verb, verb } from '../cli.ts';
import { table } from '../output.ts';
import { wireLedger } from '../wiring.ts';

interface Options {
  readonly environment?: string;
  readonly release?: string;
  readonly stack?: string;
  readonly kind?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const kinds: readonly FactKind[] = [
  'release',
  'deployment',
  'verification',
  'promotion',
  'approval',
  'rollback',
  'superseded',
];

export const history: Verb = (cli) =>
  verb('history', 'Tells what happened, oldest first')
    .option('--environment <environment>', 'dev or prod')
    .option('--release <release>', 'a release id')
    .option('--stack <stack>', 'such as gcp-dev')
    .option('--kind <kind>', kinds.join(', '))
    .option('--limit <count>', 'only the newest so many')
    .action(async ({ environment, release, stack, kind, limit, json }: Options) => {
      const { ledger } = await wireLedger(cli.environment);
      const filter = {
        environment: oneOf('--environment', environments, environment),
        kind: oneOf('--kind', kinds, kind),
        limit: countOf(limit),
        release,
        stack,
      };
      const facts = historyOf(await ledger.facts(), filter);
      if (json !== true) {
        const rows = facts.map((fact) => [fact.at, fact.actor.login, fact.kind, factInWords(fact)]);
        cli.output.data(table([['at', 'who', 'what', 'in words'], ...rows]));
      }
      cli.end({ sentence: `${facts.length} facts in ${ledger.location}`, next: 'npx trireme status', json: { facts } });
    });

function oneOf<T extends string>(option: string, known: readonly T[], word: string | undefined): T | undefined {
  if (word === undefined) return undefined;
  const found = known.find((candidate) => candidate === word);
  if (found !== undefined) return found;
  throw new DeliveryError('usage', `expected ${option} ${known.join(', ')}; found \`${word}\``);
}

function countOf(word: string | undefined): number | undefined {
  if (word === undefined) return undefined;
  if (/^[1-9]\d*$/.test(word)) return Number(word);
  throw new DeliveryError('usage', `expected --limit with a number; found \`${word}\``);
}
