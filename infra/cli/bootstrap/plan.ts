// What has to happen before a foundation can be brought up, from what is there and what is missing. Pure.
import type { AccountWords, Login } from '../../clouds/account.ts';
import type { FoundationConfig, TrustedRepository } from '../../contract/service.ts';
import { type Cloud, environments, foundationOf } from '../../contract/stack.ts';

export interface BootstrapFacts {
  readonly cloud: Cloud;
  readonly words: AccountWords;
  /** Who is logged in; else why nobody is. */
  readonly login: Login | { readonly missing: string };
  /** APIs or resource providers that are off; `undefined`: could not be asked. */
  readonly switchedOff: readonly string[] | undefined;
  readonly state: StateFacts;
  /** The repository whose jobs shall deploy; else why it is not known. */
  readonly github: TrustedRepository | { readonly missing: string };
  readonly config: FoundationConfig;
  readonly asked: { readonly stateBucket: boolean; readonly alarmEmail?: string | undefined };
}

export interface StateFacts {
  /** `PULUMI_BACKEND_URL`. */
  readonly url: string | undefined;
  readonly passphrase: boolean;
  /** Where an earlier bootstrap moved the state to. */
  readonly movedTo: string | undefined;
  /** An earlier bootstrap got so far that there is a state on this machine. */
  readonly local: boolean;
}

export interface BootstrapStep {
  readonly what: string;
  /** `done`: it is so already. `todo`: bootstrap does it. `left`: nobody needs it now. `blocked`: a person has to act first. */
  readonly state: 'done' | 'todo' | 'left' | 'blocked';
  readonly said: string;
  readonly why?: string;
  /** Of what is blocked or left: the command that mends it. */
  readonly repair?: string;
}

/** Where Pulumi's state is while the foundation is brought up. `local`: on this machine, and moved into the foundation's bucket afterwards. */
export type Backend = { readonly kind: 'given' | 'moved'; readonly url: string } | { readonly kind: 'local' };

export interface BootstrapPlan {
  readonly steps: readonly BootstrapStep[];
  /** Keys that the foundation's stack file lacks. */
  readonly missingKeys: Readonly<Record<string, unknown>>;
  /** `undefined`: nobody said where. */
  readonly backend: Backend | undefined;
  readonly switchOn: readonly string[];
}

export function planBootstrap(facts: BootstrapFacts): BootstrapPlan {
  const backend = backendOf(facts);
  return {
    steps: [
      loginStep(facts),
      ...accountSteps(facts),
      ...sharedSteps(facts),
      ...switchStep(facts),
      stateStep(facts, backend),
      ...passphraseStep(facts, backend),
      githubStep(facts),
    ],
    missingKeys: missingKeys(facts, backend),
    backend,
    switchOn: facts.switchedOff ?? [],
  };
}

function loginStep({ login, words }: BootstrapFacts): BootstrapStep {
  const what = 'login';
  if ('missing' in login)
    return { what, state: 'blocked', said: `not logged in to ${words.vendor}: ${login.missing}`, repair: words.logIn };
  return { what, state: 'done', said: `${words.unit} ${login.account}, as ${login.who}` };
}

/** The foundation is made in whichever is logged in to; environments may have their own. */
function accountSteps({ login, words, config }: BootstrapFacts): readonly BootstrapStep[] {
  if ('missing' in login) return [];
  const own = Object.entries(config.accounts).filter(([, account]) => account !== login.account);
  return own.map(([environment, account]) => ({
    what: `${environment}’s own ${words.unit}`,
    state: 'done',
    said: `${account}: what ${environment} needs there, its deploy identity too, is made from here`,
  }));
}

/** Rights end with an environment's names where they can; with its account they do for certain. */
function sharedSteps({ cloud, login, words, config, github }: BootstrapFacts): readonly BootstrapStep[] {
  const deploys = config.github !== undefined || !('missing' in github);
  if ('missing' in login || !deploys) return [];
  const homes = environments.map((environment) => config.accounts[environment] ?? login.account);
  if (new Set(homes).size === homes.length) return [];
  return [
    {
      what: 'environments apart',
      state: 'left',
      said: `${environments.join(' and ')} share a ${words.unit}: their deployers and containers reach each other’s ${words.shares}; of everything else only their own`,
      repair: `trireme:accounts in stacks/Pulumi.${foundationOf(cloud)}.yaml gives each its own`,
    },
  ];
}

function switchStep({ switchedOff, words, login }: BootstrapFacts): readonly BootstrapStep[] {
  if ('missing' in login) return [];
  const what = 'switched on';
  if (switchedOff === undefined) {
    return [{ what, state: 'left', said: `could not be asked: what is off shows when the foundation is brought up` }];
  }
  if (switchedOff.length === 0) return [];
  return [
    {
      what,
      state: 'todo',
      said: switchedOff.join(', '),
      why: `a new ${words.unit} refuses every request to them`,
      repair: words.switchOnByHand(switchedOff, login.account),
    },
  ];
}

function backendOf({ state, asked }: BootstrapFacts): Backend | undefined {
  if (state.url !== undefined) return { kind: 'given', url: state.url };
  if (state.movedTo !== undefined) return { kind: 'moved', url: state.movedTo };
  return asked.stateBucket || state.local ? { kind: 'local' } : undefined;
}

function stateStep({ cloud }: BootstrapFacts, backend: Backend | undefined): BootstrapStep {
  const what = 'Pulumi’s state';
  if (backend === undefined) {
    return {
      what,
      state: 'blocked',
      said: 'nowhere: PULUMI_BACKEND_URL is not set',
      repair: `npx trireme bootstrap ${cloud} --state-bucket, or export PULUMI_BACKEND_URL`,
    };
  }
  if (backend.kind === 'local') {
    return {
      what,
      state: 'todo',
      said: 'on this machine first, and then moved into the bucket that the foundation makes',
      why: 'the bucket that holds the state is made by a stack that needs a state: somebody has to begin',
    };
  }
  const moved = backend.kind === 'moved' ? `, where it was moved to: export PULUMI_BACKEND_URL='${backend.url}'` : '';
  return { what, state: 'done', said: `${backend.url}${moved}` };
}

/** Pulumi's own service keeps its secrets itself. */
function passphraseStep({ state }: BootstrapFacts, backend: Backend | undefined): readonly BootstrapStep[] {
  const own = backend === undefined || (backend.kind !== 'local' && backend.url.startsWith('https:'));
  if (own || state.passphrase) return [];
  return [
    {
      what: 'passphrase',
      state: 'blocked',
      said: 'PULUMI_CONFIG_PASSPHRASE is not set: what is secret in the state is encrypted with it',
      repair:
        'export PULUMI_CONFIG_PASSPHRASE=…, one that you keep and no job on GitHub has: each environment there gets its own',
    },
  ];
}

function githubStep({ github, config, cloud }: BootstrapFacts): BootstrapStep {
  const what = 'trust in GitHub';
  const file = `stacks/Pulumi.${foundationOf(cloud)}.yaml`;
  const named = config.github;
  if (named === undefined) {
    return 'missing' in github
      ? {
          what,
          state: 'left',
          said: `${github.missing}: no job on GitHub can deploy until the repository is known`,
          repair: 'export GITHUB_TOKEN and GITHUB_REPOSITORY=owner/name, and run this again',
        }
      : {
          what,
          state: 'todo',
          said: `${github.owner}/${github.repository}, ids ${github.ownerId} and ${github.repositoryId}, into ${file}`,
          why: 'its jobs log in without a stored secret; a name can be given up and taken by others, an id can’t',
        };
  }
  const inFile = `${named.owner}/${named.repository}, ids ${named.ownerId} and ${named.repositoryId}`;
  if ('missing' in github)
    return { what, state: 'done', said: `${inFile}; not compared with GitHub: ${github.missing}` };
  const same = named.ownerId === github.ownerId && named.repositoryId === github.repositoryId;
  return same
    ? { what, state: 'done', said: inFile }
    : {
        what,
        state: 'blocked',
        said: `${file} trusts ${inFile}; found ${github.owner}/${github.repository}, ids ${github.ownerId} and ${github.repositoryId}`,
        repair: `correct github in ${file}`,
      };
}

/** What the file says already is never changed. */
function missingKeys(
  { github, config, asked }: BootstrapFacts,
  backend: Backend | undefined,
): Readonly<Record<string, unknown>> {
  return {
    ...(config.github === undefined && !('missing' in github) ? { github: written(github) } : {}),
    ...(config.alarmEmail === undefined && asked.alarmEmail !== undefined ? { alarmEmail: asked.alarmEmail } : {}),
    ...(!config.stateBucket && (asked.stateBucket || backend?.kind === 'local') ? { stateBucket: true } : {}),
  };
}

/** Defaults are left out, as a person would. */
function written({ owner, ownerId, repository, repositoryId, legacySubject }: TrustedRepository): object {
  return { owner, ownerId, repository, repositoryId, ...(legacySubject ? { legacySubject } : {}) };
}
