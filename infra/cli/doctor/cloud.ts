// One cloud as it is against what the stack files say: login, account, region, registry, foundation, rights to read. Pure.
import type { AccountWords, Login } from '../../clouds/account.ts';
import { project } from '../../clouds/names.ts';
import type { RuntimeContract } from '../../contract/runtime.ts';
import { type Cloud, type Environment, foundationOf } from '../../contract/stack.ts';
import { fault, good, type Judged, note } from './finding.ts';

/** An answer, or the vendor's words why there is none. */
export type Answered<T> = { readonly value: T } | { readonly refused: string };

export interface StackLook {
  readonly name: string;
  readonly contract: Pick<RuntimeContract, 'name' | 'product'>;
  readonly region: string;
  /** Where it shall live; `undefined`: wherever is logged in to. */
  readonly account: string | undefined;
  readonly environment: Environment;
  /** By the vendor's names. */
  readonly secrets: readonly string[];
  /** Does the region have the product? `undefined` in it: the vendor does not say. */
  readonly offered: Answered<boolean | undefined>;
  /** Asked as a prover asks, how many services there are. */
  readonly read: Answered<number | undefined>;
}

export interface CloudLook {
  readonly cloud: Cloud;
  readonly words: AccountWords;
  readonly emulated: boolean;
  readonly login: Login | { readonly missing: string };
  readonly stacks: readonly StackLook[];
  readonly switchedOff: Answered<readonly string[]>;
  /** The registry's repository that the foundation gave; `undefined` in it: nobody brought it up. Absent: Pulumi’s state was not looked at. */
  readonly foundation: Answered<string | undefined> | undefined;
  /** Did its registry let this login in? Absent: there is none. */
  readonly registry: Answered<true> | undefined;
}

/** Why a vendor says no, rather than nothing. */
const denied = /denied|forbidden|not authori[sz]ed|unauthori[sz]ed|permission|\b40[13]\b/i;

export function judgeCloud(look: CloudLook): readonly Judged[] {
  const { login, words } = look;
  if ('missing' in login) {
    const said = note('login', `one to ${words.vendor}`, `not logged in: ${words.logIn}`, words.logIn);
    return [{ ...said, brief: true }];
  }
  return [
    good('login', `${words.unit} ${login.account}, as ${login.who}`),
    ...accountFindings(look, login),
    ...switchFindings(look, login),
    ...look.stacks.flatMap((stack) => regionFindings(look, stack)),
    ...foundationFindings(look),
    ...readFindings(look),
    ...newAccountFindings(look),
    ...sharedSecretFindings(look, login),
  ];
}

/** Environments may have accounts of their own, and nobody is in two at once. */
function accountFindings({ stacks, words }: CloudLook, { account }: Login): readonly Judged[] {
  const named = stacks.filter((stack) => stack.account !== undefined);
  const here = named.some((stack) => stack.account === account);
  return named.map((stack) => {
    const subject = `${words.unit} of ${stack.name}`;
    const wanted = stack.account ?? '';
    if (wanted === account) return good(subject, wanted);
    const repair = `log in to ${wanted}: ${words.logIn}; or correct account in stacks/Pulumi.${stack.name}.yaml`;
    return here ? note(subject, wanted, `logged in to ${account}`, repair) : fault(subject, wanted, account, repair);
  });
}

function switchFindings({ switchedOff, words }: CloudLook, { account }: Login): readonly Judged[] {
  const subject = 'switched on';
  if ('refused' in switchedOff)
    return [note(subject, 'what the foundation needs', `could not tell: ${switchedOff.refused}`)];
  const { value: off } = switchedOff;
  if (off.length === 0) return [];
  return [fault(subject, 'what the foundation needs', `off: ${off.join(', ')}`, words.switchOnByHand(off, account))];
}

function regionFindings({ words }: CloudLook, { name, contract, region, offered }: StackLook): readonly Judged[] {
  const subject = `region of ${name}`;
  const expected = `${contract.product} in ${region}`;
  if ('refused' in offered) return [note(subject, expected, `could not tell: ${offered.refused}`, words.regions)];
  if (offered.value === undefined) return [note(subject, expected, 'could not tell', words.regions)];
  return offered.value
    ? [good(subject, expected)]
    : [fault(subject, expected, 'not offered there', `change region in stacks/Pulumi.${name}.yaml: ${words.regions}`)];
}

function foundationFindings({ cloud, foundation, registry, words }: CloudLook): readonly Judged[] {
  if (foundation === undefined) return [];
  const subject = foundationOf(cloud);
  const bringUp = `npx trireme bootstrap ${cloud}`;
  if ('refused' in foundation) {
    return [
      fault(
        'Pulumi’s state',
        `${subject}, read from it`,
        foundation.refused,
        'see PULUMI_BACKEND_URL and PULUMI_CONFIG_PASSPHRASE, and who is logged in',
      ),
    ];
  }
  const { value: repository } = foundation;
  if (repository === undefined) return [fault(subject, 'up', 'not brought up', bringUp)];
  const up = good(subject, `up, with ${repository}`);
  if (registry === undefined) return [up];
  if (!('refused' in registry)) return [up, good('registry', `lets this login in: ${repository}`)];
  const found = `${repository}: ${registry.refused}`;
  return denied.test(registry.refused)
    ? [up, fault('registry', 'one that lets this login in', found, `${words.logIn}; then ${bringUp}`)]
    : [up, note('registry', 'one that answers', `could not tell: ${found}`)];
}

/** One answer for each product and region. */
function readFindings({ cloud, stacks }: CloudLook): readonly Judged[] {
  return oneOfEach(stacks).map(({ contract, region, read }) => {
    const subject = `reading ${contract.product} in ${region}`;
    if (!('refused' in read)) return good(subject, `allowed, ${read.value ?? 'some'} there`);
    return denied.test(read.refused)
      ? fault(
          subject,
          'what proves a deployment is allowed',
          read.refused,
          `give this login the rights that infra/clouds/${cloud}/grant-list.ts lists for reading`,
        )
      : note(subject, 'an answer', `could not tell: ${read.refused}`);
  });
}

function oneOfEach(stacks: readonly StackLook[]): readonly StackLook[] {
  const seen = new Map(stacks.map((stack) => [`${stack.contract.name} ${stack.region}`, stack]));
  return [...seen.values()];
}

/** No request says it beforehand: https://docs.aws.amazon.com/apprunner/latest/dg/apprunner-availability-change.html */
function newAccountFindings({ emulated, stacks }: CloudLook): readonly Judged[] {
  const asked = oneOfEach(stacks).find(({ contract }) => contract.name === 'app-runner');
  if (emulated || asked === undefined || 'refused' in asked.read || asked.read.value !== 0) return [];
  return [
    note(
      'App Runner',
      'an account that used it before 30 April 2026',
      'no service there yet: a new account is refused at its first deployment',
      'in a new account: `trireme:runtime: ecs-express` in stacks/Pulumi.aws-dev.yaml and stacks/Pulumi.aws-prod.yaml',
    ),
  ];
}

/** In one account for all, rights end where names do: docs/real-clouds.md, "What keeps dev from prod". */
function sharedSecretFindings({ cloud, emulated, stacks, words }: CloudLook, { account }: Login): readonly Judged[] {
  if (emulated || words.unguarded === undefined) return [];
  const homes = stacks.map((stack) => ({ ...stack, home: stack.account ?? account }));
  return homes
    .filter(({ environment }) => environment === 'prod')
    .flatMap(({ name, environment, secrets, home }) => {
      const open = [...new Set(words.unguarded?.(secrets, environment))];
      const others = homes.filter((other) => other.environment !== environment && other.home === home);
      if (open.length === 0 || others.length === 0) return [];
      const beside = others.map((other) => other.environment).join(' and ');
      return [
        note(
          `secrets of ${name}`,
          `names that keep ${beside}’s deployer from them`,
          `${open.join(', ')}: in a ${words.unit} shared with ${beside}, whose deployer can let others read them, or delete them`,
          `give ${environment} its own ${words.unit}: trireme:accounts in stacks/Pulumi.${foundationOf(cloud)}.yaml; or call them ${project}-${environment}-…`,
        ),
      ];
    });
}
