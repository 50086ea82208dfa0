// `trireme hold` and `trireme unhold`: a release that no environment takes, until somebody says otherwise.
import { holdRelease, liftHold } from '../../delivery/stop.ts';
import { unheldOfSameImage } from '../../delivery/stop-order.ts';
import { type Verb, verb } from '../cli.ts';
import { wireLedger } from '../wiring.ts';

interface Options {
  readonly reason: string;
  readonly json?: boolean;
}

export const hold: Verb = (cli) =>
  verb('hold', 'Holds a release: no environment takes it any more, whatever was approved')
    .argument('<release>', 'id, sequence number or `latest`')
    .requiredOption('--reason <reason>', 'why, for everyone who meets it')
    .action(async (release: string, { reason }: Options) => {
      const office = await wireLedger(cli.environment);
      const fact = await holdRelease(office, release, reason);
      const others = unheldOfSameImage(await office.ledger.facts(), fact.release);
      for (const other of others) {
        const way = `where the image is at fault: npx trireme hold ${other} --reason "<reason>"`;
        cli.output.talk(`${other} has the same image and is not held; ${way}`, 'yellow');
      }
      cli.end({
        sentence: `${fact.release} is held: ${fact.body.reason}`,
        next: `npx trireme status; to lift it: npx trireme unhold ${fact.release} --reason "<reason>"`,
        json: { hold: fact.id, release: fact.release, reason: fact.body.reason, sameImage: others },
      });
    });

export const unhold: Verb = (cli) =>
  verb('unhold', 'Lifts the hold on a release')
    .argument('<release>', 'id, sequence number or `latest`')
    .requiredOption('--reason <reason>', 'why it may go on')
    .action(async (release: string, { reason }: Options) => {
      const fact = await liftHold(await wireLedger(cli.environment), release, reason);
      cli.end({
        sentence: `${fact.release} is no longer held: ${fact.body.reason}`,
        next: `npx trireme promote --release ${fact.release}`,
        json: { unhold: fact.id, release: fact.release, reason: fact.body.reason },
      });
    });
