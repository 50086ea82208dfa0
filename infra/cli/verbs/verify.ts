// `trireme verify`: proves what runs, without deploying.
import type { DeliveryErrorCode } from '../../contract/errors.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { type StackVerification, verifyEnvironment } from '../../delivery/verify.ts';
import { type Verb, verb } from '../cli.ts';
import { table } from '../output.ts';
import { type SelectionOptions, selectionOf, withSelection } from '../selection.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options extends SelectionOptions {
  readonly release?: string;
  readonly json?: boolean;
}

export const verify: Verb = (cli) =>
  withSelection(
    verb('verify', 'Proves what runs: control plane, identity, readiness, golden predictions, parity'),
    'dev',
  )
    .option('--release <release>', 'what must run there (default: what the ledger says)')
    .action(async (options: Options) => {
      const files = await readWiredStacks(cli.environment);
      const { environment, stacks } = selectionOf(options, files.stacks, 'dev');
      const delivery = await wireDelivery(cli.environment, files, cli.output.report);
      const { release } = options;
      const manifest = release === undefined ? undefined : findRelease(await delivery.ledger.facts(), release);
      const found = await verifyEnvironment(delivery, environment, { stacks, manifest, signal: cli.signal });
      if (options.json !== true) cli.output.data(checksTable(found));
      const worst =
        found.find(({ outcome }) => outcome === 'failed') ?? found.find(({ outcome }) => outcome === 'errored');
      cli.end({
        code: codes[worst?.outcome ?? 'passed'],
        sentence:
          worst === undefined
            ? `verified: ${found.map(({ stack, release: id }) => `${stack} runs ${id}`).join(', ')}`
            : `${worst.stack} ${worst.outcome}: ${worst.reason ?? 'no reason given'}`,
        next: worst === undefined ? 'npx trireme status' : `npx trireme history --environment ${environment}`,
        json: { environment, stacks: found },
      });
    });

const codes: Readonly<Record<StackVerification['outcome'], DeliveryErrorCode | undefined>> = {
  passed: undefined,
  failed: 'failed',
  errored: 'errored',
};

function checksTable(found: readonly StackVerification[]): string {
  const rows = found.flatMap(({ stack, checks }) =>
    checks.map((check) => [stack, check.name, check.outcome, `${check.seconds.toFixed(1)} s`, check.found]),
  );
  return table([['stack', 'check', 'outcome', 'took', 'found'], ...rows]);
}
