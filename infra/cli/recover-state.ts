// `trireme recover <stack>`: shows what runs that were killed left in the stack's state, what is done about it, asks, does it, and proves it.
import { DeliveryError } from '../contract/errors.ts';
import { isWhole, type Orphan, type StateFindings } from '../contract/recovery.ts';
import { type Cloud, clouds, foundationOf, parseStack, type Stack, upstreamOf } from '../contract/stack.ts';
import { type StackTruth, stackTruth } from '../delivery/environment-state.ts';
import { findRelease } from '../delivery/stack-state.ts';
import { ask } from './ask.ts';
import type { Cli } from './cli.ts';
import { readWiredStacks, wireDelivery } from './wiring.ts';

export interface RecoverStateOptions {
  readonly yes?: boolean;
  readonly gone?: boolean;
  readonly id?: readonly string[];
  readonly json?: boolean;
}

export async function recoverState(cli: Cli, name: string, options: RecoverStateOptions): Promise<void> {
  const files = await readWiredStacks(cli.environment);
  const foundation = clouds.find((cloud) => foundationOf(cloud) === name);
  const known = files.stacks.map(({ stack }) => stack.name);
  const foundations = clouds
    .map(foundationOf)
    .filter((one) => known.some((stack) => stack.startsWith(`${one.split('-')[0]}-`)));
  const target = foundation ?? parseStack(name, [...known, ...foundations]);
  const ids = idsFrom(options.id ?? []);
  const delivery = await wireDelivery(cli.environment, files, cli.output.report);
  const facts = await delivery.ledger.facts();
  const truth = typeof target === 'string' ? undefined : stackTruth(facts, target.name);
  const release = truth?.tried ?? truth?.runs ?? undefined;
  const manifest = release === undefined ? undefined : findRelease(facts, release);
  const recovery = await delivery.deployer.recovery?.(target, manifest && { manifest, stage: 'live' });
  if (recovery === undefined) throw new TypeError('expected a deployer that can recover a state');

  const run = { signal: cli.signal, report: cli.output.report };
  const findings = await recovery.look(run, ids);
  if (options.json !== true) cli.output.data(textOfFindings(findings));
  refuseIdle(name, findings);
  if (isWhole(findings)) {
    cli.end({ sentence: wholeInWords(findings), next: nextStep(target, truth, 'whole'), json: { findings } });
    return;
  }
  if (findings.unnamed.length > 0 && findings.orphans.length + findings.halfMade.length === 0) {
    cli.output.talk(`only the vendor knows their ids; where it shows one: npx trireme recover ${name} --id NAME=ID`);
  }
  await confirm(cli, findings, options.yes);
  const repaired = await recovery.repair(findings, { ...run, gone: options.gone === true });
  if (options.json !== true) cli.output.data(textOfNext(repaired.next));
  const whole = repaired.left.length === 0;
  cli.end({
    code: whole ? undefined : 'errored',
    sentence: whole
      ? `the state of ${name} is whole${repaired.adopted.length === 0 ? '' : `, with ${repaired.adopted.map((one) => one.name).join(', ')}`}`
      : `the state of ${name} still holds what is not well: ${repaired.left.join(', ')}`,
    next: nextStep(target, truth, whole ? 'mended' : 'not well'),
    json: { findings, ...repaired },
  });
}

/** What a person would do next with that stack, by the road that leads to it. Pure. */
export function nextStep(
  target: Cloud | Stack,
  truth: Pick<StackTruth, 'knows' | 'tried' | 'runs'> | undefined,
  state: 'whole' | 'mended' | 'not well',
): string {
  if (typeof target === 'string' || truth === undefined) return `npx trireme bootstrap ${String(target)}`;
  const { name, environment } = target;
  const { knows, tried, runs } = truth;
  if (knows === 'unknown' || knows === 'under-way') return `npx trireme recover --environment ${environment}`;
  if (state !== 'not well' && knows === 'release') return `npx trireme verify --stack ${name}`;
  const release = runs ?? tried ?? 'latest';
  if (upstreamOf(environment) === undefined) return `npx trireme deploy --stack ${name} --release ${release}`;
  // What runs there already is not promoted once more.
  return knows === 'release'
    ? 'npx trireme release, and let it take its road'
    : `npx trireme promote --release ${release}`;
}

export function wholeInWords({ stack, resources }: StateFindings): string {
  if (resources === null) return `${stack} has no state: nothing was deployed there, or it is kept elsewhere`;
  return resources === 0
    ? `the state of ${stack} is empty: nothing is deployed there`
    : `the state of ${stack} is whole: nothing was left in it`;
}

/** Who gives an id expects it to be used. @throws DeliveryError `usage`, before anything is touched. */
export function refuseIdle(stack: string, { idle }: StateFindings): void {
  if (idle.length === 0) return;
  const found = idle.map(({ name, why }) =>
    why === 'not missing' ? `the state of ${stack} lacks no \`${name}\`` : `the cloud has no \`${name}\` under that id`,
  );
  throw new DeliveryError(
    'usage',
    `expected --id of something that the cloud has and the state lacks; ${found.join('; ')}`,
    {
      hint: `what it lacks: npx trireme recover ${stack}`,
    },
  );
}

/** @throws DeliveryError `usage`. */
export function idsFrom(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at > 0 && at < word.length - 1) return [word.slice(0, at), word.slice(at + 1)];
      throw new DeliveryError('usage', `expected --id NAME=ID; found \`${word}\``, {
        hint: 'NAME as the findings show it, ID as the vendor does',
      });
    }),
  );
}

/** What was found, and what is done about each. */
export function textOfFindings(findings: StateFindings): string {
  const { stack, resources, locks, pending, halfMade, orphans, unnamed } = findings;
  const shown = ({ name, type }: Pick<Orphan, 'name' | 'type'>) => `${name} (${type})`;
  const lines = [
    ...locks.gone.map((lock) => `locked by ${lock}, which is gone: the lock is removed`),
    ...locks.held.map((lock) => `locked by ${lock}, which may be alive: nothing is done, unless with --gone`),
    ...pending.map((one) => `${one.operation} ${shown(one)}, and nobody knows how it ended: read back from the cloud`),
    ...halfMade.map((one) => `${shown(one)} is not well: ${one.reasons.join('; ')}: read back from the cloud`),
    ...orphans.map((one) => `${shown(one)}: the cloud has it as ${one.id} and the state does not: taken in`),
    ...unnamed.map((one) => `${shown(one)}: the cloud may have it, under an id that only the cloud knows`),
  ];
  const counted = resources === null ? 'no state' : `${resources} ${resources === 1 ? 'resource' : 'resources'}`;
  return lines.length === 0
    ? `${stack}: ${counted}, nothing pending, nothing locked`
    : lines.map((line) => `${stack}: ${line}`).join('\n');
}

function textOfNext(next: readonly string[] | undefined): string {
  if (next === undefined) return 'what the next deployment would change is known once a release is named';
  return next.length === 0
    ? 'preview: the next deployment changes nothing'
    : ['preview: the next deployment would', ...next.map((change) => `  ${change}`)].join('\n');
}

async function confirm(cli: Cli, { stack }: StateFindings, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  if (!cli.interactive) {
    throw new DeliveryError(
      'usage',
      `expected --yes to mend the state of ${stack} without a terminal to ask on; found none`,
    );
  }
  const answer = await ask(`mend the state of ${stack} so? type \`mend\`: `, cli.signal);
  if (answer !== 'mend') throw new DeliveryError('refused', 'nothing was done');
}
