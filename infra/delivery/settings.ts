// With which settings, and so on which runtime, a release that ran before comes again: its own where they fit what the stack runs.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact } from '../contract/fact.ts';
import type { DeployedService, RuntimeName } from '../contract/service.ts';
import type { StackName } from '../contract/stack.ts';
import type { Delivery, Road, Target } from './delivery.ts';
import { stackFileOf } from './stack-state.ts';

export interface OwnSettings {
  readonly stack: StackName;
  readonly release: string;
  /** The stack's file as that release had it; `undefined` where the ledger does not hold it. */
  readonly file: string | undefined;
  /** The runtime that file names; `undefined` where this checkout can't read it any more. */
  readonly named: RuntimeName | undefined;
  /** The runtime that the stack runs on; `undefined` where nothing is up, or nobody can tell. */
  readonly runs: RuntimeName | undefined;
  /** The runtime that this checkout's file names. */
  readonly here: RuntimeName;
  /** Nobody was asked for an approval, so nothing else may stand in for it. Default: no. */
  readonly onlyOwn?: boolean;
}

export interface Settings {
  /** Left out: the checkout's. */
  readonly stackFile?: string;
  /** Whose prover and traffic are asked. */
  readonly runtime: RuntimeName;
}

/** @param before what the stack runs, by its outputs. @throws DeliveryError as `settingsFor`. */
export function settingsOf(
  { deployer, stacks }: Pick<Delivery, 'deployer' | 'stacks'>,
  { stack, runtime }: Target,
  facts: readonly Fact[],
  release: string,
  before: DeployedService | undefined,
  { secrets, restores }: Pick<Road, 'secrets' | 'restores'> = {},
): Settings {
  const here = stacks.find((one) => one.stack.name === stack.name)?.runtime ?? runtime;
  const file = stackFileOf(facts, release, stack.name);
  const onlyOwn = secrets !== undefined || restores !== undefined;
  const reads = deployer.runtimeIn;
  const named = file === undefined || reads === undefined ? here : reads(stack, file);
  return settingsFor({ stack: stack.name, release, file, named, runs: before?.runtime, here, onlyOwn });
}

/** Does that road bring a release as it was made? Who rotates secrets or restores was asked for no approval, so nothing else may come along. */
export function isAsMade({
  asReleased,
  secrets,
  restores,
}: Pick<Road, 'asReleased' | 'secrets' | 'restores'>): boolean {
  return asReleased === true || secrets !== undefined || restores !== undefined;
}

/**
 * Pure. The checkout's runtime may be one that nobody approved yet. So what decides is what the stack runs: a file of that runtime is gone by,
 * whatever is checked out. The checkout's settings stand in only where the stack is on their runtime already.
 * @throws DeliveryError `refused`: the file can't be read any more, and the checkout would bring another runtime; or only the own ones will do,
 * and there are none.
 */
export function settingsFor(asked: OwnSettings): Settings {
  const { stack, release, file, named, runs, here, onlyOwn = false } = asked;
  const isOn = runs ?? here;
  if (file !== undefined && named !== undefined && (named === isOn || (here !== isOn && !onlyOwn))) {
    return { stackFile: file, runtime: named };
  }
  if (onlyOwn) {
    const found = file === undefined ? 'none in the ledger' : named === undefined ? unreadable : `one of ${named}`;
    const expected = `${stack}: expected the stack file that ${release} was made with`;
    throw new DeliveryError(
      'refused',
      `${expected}; found ${found} where ${isOn} runs: nobody approved other settings`,
      {
        hint: 'settings that somebody approves come with a release: npx trireme release, then deploy or promote it',
      },
    );
  }
  if (file === undefined || here === isOn) return { runtime: here };
  const found = `${unreadable}, and stacks/Pulumi.${stack}.yaml here names ${here} where ${isOn} runs`;
  throw new DeliveryError('refused', `${stack}: expected the stack file of ${release}; found ${found}`, {
    hint: `run it from a checkout of a commit whose stack file names ${isOn}`,
  });
}

const unreadable = "one that this checkout can't read";
