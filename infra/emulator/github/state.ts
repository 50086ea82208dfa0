// What the emulated GitHub remembers: people, repositories, environments, runs. Tests and the admin surface arrange it; routes read and change it.
import type { CommitSource } from './git.ts';

export type Permission = 'read' | 'write';
export interface Person {
  readonly login: string;
  readonly id: number;
  readonly name: string;
  /** Addresses of the account: what ties a commit to it. */
  readonly emails: readonly string[];
  readonly type: 'User' | 'Bot' | 'Organization';
}
export interface Team {
  readonly id: number;
  readonly slug: string;
  readonly members: readonly string[];
}
export type Plan = 'free' | 'team' | 'enterprise';

export interface Reviewer {
  readonly type: 'User' | 'Team';
  readonly id: number;
}
export interface Variable {
  readonly name: string;
  value: string;
  readonly createdAt: string;
  updatedAt: string;
}
export interface BranchPolicy {
  readonly protected_branches: boolean;
  readonly custom_branch_policies: boolean;
}
export interface Environment {
  readonly id: number;
  readonly name: string;
  readonly createdAt: string;
  updatedAt: string;
  waitTimer: number;
  /** Empty: the rule is not there. */
  reviewers: readonly Reviewer[];
  preventSelfReview: boolean;
  /** GitHub's own default. */
  canAdminsBypass: boolean;
  /** `null`: every branch may deploy. */
  branchPolicy: BranchPolicy | null;
  policies: { readonly id: number; readonly name: string; readonly type: 'branch' | 'tag' }[];
  readonly variables: Map<string, Variable>;
}

export interface Review {
  readonly state: 'approved' | 'rejected';
  readonly user: string;
  readonly comment: string;
  readonly environments: readonly string[];
}
export type RunStatus = 'queued' | 'in_progress' | 'waiting' | 'completed';
export interface Run {
  readonly id: number;
  readonly number: number;
  /** `.github/workflows/promote.yml`. */
  readonly workflow: string;
  readonly title: string;
  readonly event: string;
  readonly branch: string;
  readonly sha: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly actor: string;
  /** Who asked for the newest attempt; self-review is judged against this one only. */
  triggeringActor: string;
  attempt: number;
  status: RunStatus;
  conclusion: string | null;
  readonly createdAt: string;
  updatedAt: string;
  /** Environments that wait for a review. */
  waiting: string[];
  /** Of the run, over all of its attempts: GitHub keeps one list and no times. */
  readonly reviews: Review[];
  /** What the run's own token may do. */
  readonly permissions: Readonly<Record<string, Permission>>;
}

export interface Ruleset {
  readonly id: number;
  readonly document: Readonly<Record<string, unknown>>;
  readonly createdAt: string;
  readonly updatedAt: string;
}
export interface Deployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly environment: string;
  readonly creator: string;
  readonly createdAt: string;
}
export interface Issue {
  readonly number: number;
  readonly id: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  labels: readonly string[];
  readonly user: string;
  readonly createdAt: string;
  updatedAt: string;
}

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly private: boolean;
  readonly defaultBranch: string;
  /** Login to role; everybody else sees a public repository only. */
  readonly roles: Readonly<Record<string, 'read' | 'write' | 'admin'>>;
  readonly commits: CommitSource;
  /** A bare repository on disk behind it, where there is one. */
  readonly gitDirectory: string | undefined;
  /** Names of the workflow files that exist. */
  readonly workflows: readonly string[];
  readonly environments: Map<string, Environment>;
  readonly variables: Map<string, Variable>;
  readonly runs: Map<number, Run>;
  readonly rulesets: Map<number, Ruleset>;
  readonly deployments: Deployment[];
  readonly issues: Map<number, Issue>;
  /** `sha256:…` to Sigstore bundles. */
  readonly attestations: Map<string, unknown[]>;
  oidc: { useDefault: boolean; claims: readonly string[]; immutable: boolean };
}

export interface GithubState {
  readonly people: Map<string, Person>;
  readonly teams: Map<string, Team>;
  /** By account: organisation or user. */
  readonly plans: Map<string, Plan>;
  readonly repositories: Map<string, Repository>;
  /** Requests left before GitHub refuses for the rest of the hour. */
  rateLimit: { limit: number; remaining: number; resetSeconds: number };
  /** The next answers are these statuses instead: a vendor's bad minute. */
  readonly failures: number[];
  nextId(): number;
}

/** Ids of GitHub are large and never used twice. */
export function emptyState(): GithubState {
  let id = 100_000;
  return {
    people: new Map(),
    teams: new Map(),
    plans: new Map(),
    repositories: new Map(),
    rateLimit: { limit: 5_000, remaining: 5_000, resetSeconds: 3_600 },
    failures: [],
    nextId: () => {
      id += 1;
      return id;
    },
  };
}

export function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Required reviewers, wait timers and attestations of a private repository come with Enterprise only. */
export function hasPrivateExtras(state: GithubState, { owner, private: isPrivate }: Repository): boolean {
  return !isPrivate || state.plans.get(owner) === 'enterprise';
}

/** Logins that may review, teams resolved to their members. */
export function reviewersOf(state: GithubState, { reviewers }: Environment): readonly string[] {
  return reviewers.flatMap(({ type, id }) =>
    type === 'User'
      ? [...state.people.values()].filter((one) => one.id === id).map(({ login }) => login)
      : [...state.teams.values()].filter((one) => one.id === id).flatMap(({ members }) => members),
  );
}
