// `trireme history`: what happened, fact by fact.
import { DeliveryError } from '../../contract/errors.ts';
import type { FactKind } from '../../contract/fact.ts';
import { environments } from '../../contract/stack.ts';
import { factInWords, historyOf } from '../../delivery/history.ts';
import type { GitLedger } from '../../ledger/git.ts';
import { type Ending, type Verb, verb } from '../cli.ts';
import { table } from '../output.ts';
import { wireLedger } from '../wiring.ts';

interface Options {
  readonly environment?: string;
  readonly release?: string;
  readonly stack?: string;
  readonly kind?: string;
  readonly limit?: string;
  readonly verify?: boolean;
  readonly since?: string;
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
  'removal',
  'hold',
  'unhold',
  'freeze',
  'thaw',
  'attestation',
];

export const history: Verb = (cli) =>
  verb('history', 'Tells what happened, oldest first')
    .option('--environment <environment>', 'dev or prod')
    .option('--release <release>', 'a release id')
    .option('--stack <stack>', 'such as gcp-dev')
    .option('--kind <kind>', kinds.join(', '))
    .option('--limit <count>', 'only the newest so many')
    .option('--verify', 'read the whole branch afresh and compute every hash again')
    .option('--since <hash>', 'with --verify: the hash of an earlier end, which must still be there')
    .action(async ({ environment, release, stack, kind, limit, json, verify, since }: Options) => {
      const { ledger } = await wireLedger(cli.environment);
      if (verify === true || since !== undefined) return cli.end(await verified(ledger, hashOf(since)));
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

/** Exit code 1 for a chain that is broken, and the fact that is wrong. */
async function verified(ledger: GitLedger, since: string | undefined): Promise<Ending> {
  const broken = (sentence: string): Ending => ({
    code: 'failed',
    sentence,
    json: { intact: false, ledger: ledger.location, found: sentence },
  });
  const facts = await ledger.verify().catch((error: unknown) => {
    if (error instanceof DeliveryError && error.code === 'ledger-corrupt') return error;
    throw error;
  });
  if (facts instanceof DeliveryError) return broken([facts.message, facts.hint].filter(Boolean).join('; '));
  const chain = facts.at(-1)?.chain ?? null;
  if (since !== undefined && !facts.some((fact) => fact.chain.startsWith(since))) {
    return broken(`none of the ${facts.length} facts has the hash ${since}: the history was rewritten since then`);
  }
  return {
    sentence: `chain intact to ${facts.length} (hash ${chain ?? 'of nothing'})`,
    next: chain === null ? 'npx trireme status' : `npx trireme history --verify --since ${chain}`,
    json: { intact: true, ledger: ledger.location, facts: facts.length, chain },
  };
}

function hashOf(word: string | undefined): string | undefined {
  if (word === undefined || /^[0-9a-f]{12,64}$/.test(word)) return word;
  throw new DeliveryError('usage', `expected --since with 12 to 64 hexadecimal digits of a hash; found \`${word}\``);
}

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
