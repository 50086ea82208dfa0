// What must hold whatever happens, asked of the clouds' truth and of the ledger at every change. It shares no rule with delivery: it is the second opinion.
import type { Fact, FactOf } from '../contract/fact.ts';
import { manifestHash } from '../contract/release.ts';
import type { StackName } from '../contract/stack.ts';
import type { Target } from '../delivery/delivery.ts';
import type { Policy } from '../delivery/policy.ts';
import { statusTable } from '../delivery/status.ts';
import { leftBy } from './left.ts';
import type { Process } from './process.ts';
import { isSound } from './quality.ts';
import { runtimeOf } from './runtimes.ts';
import { type Change, everyStack, type Witness, type World } from './world.ts';

export const invariants = ['approved', 'told', 'true', 'one-at-a-time', 'stopped', 'converges', 'no-bug'] as const;
export type Invariant = (typeof invariants)[number];

export interface Violation {
  readonly invariant: Invariant;
  readonly what: string;
}

/** Clocks differ, and a leg takes its time: only what is later than this was surely too late. */
const graceMs = 90 * 60_000;

export class Rules implements Witness {
  readonly violations: Violation[] = [];
  readonly #world: World;
  readonly #people: { readonly authors: readonly string[] };
  /** Attempts that came to proving something. */
  readonly #went = new Set<string>();
  /** Promotions in the order in which they first changed something in prod. */
  readonly #changing: string[] = [];

  /** Attempts that go on from one that was lost bear its name: who began each. */
  readonly #recoveries = new Map<string, Process>();
  /** Jobs that carry out promotions. */
  readonly #jobs = new Set<Process>();

  constructor(world: World, people: { readonly authors: readonly string[] }) {
    this.#world = world;
    this.#people = people;
  }

  begins(process: Process): void {
    if (process.purpose.kind === 'promotion') this.#jobs.add(process);
  }

  changed({ stack, release, stage, by }: Change): void {
    if (by.purpose.kind === 'outside') return;
    const { facts } = this.#world;
    const own = facts.findLast(
      (fact): fact is FactOf<'deployment'> =>
        fact.kind === 'deployment' &&
        fact.stack === stack.name &&
        (fact.body.attempt.startsWith(`${by.name}/`) || this.#recoveries.get(fact.body.attempt) === by),
    );
    const told = `${by.name} puts ${release} on ${stack.name} (${stage})`;
    if (own === undefined) {
      this.#broken('told', `${told}, and no fact says so`);
      return;
    }
    const isForward = own.release === release;
    if (!isForward && own.body.replaced !== release) {
      this.#broken('told', `${told}, and its facts speak of ${own.release} instead of ${own.body.replaced}`);
      return;
    }
    // The word that it failed may have been lost with the ledger out of reach; the word that it began may not.
    if (!isForward && !['updating', 'proving', 'failed'].includes(own.body.state)) {
      this.#broken('told', `${told}, going back from what its last fact calls ${own.body.state}`);
    }
    if (!isForward && !this.#wasProven(stack.name, release) && !this.#world.state(stack.name).outside) {
      this.#broken('approved', `${told}, going back to what was never proven there`);
    }
    if (isForward && stage === 'share' && own.body.stage !== 'share') {
      this.#broken('told', `${told}, and its last fact does not speak of a share`);
    }
    const { shared } = this.#world.state(stack.name);
    if (
      isForward &&
      stage === 'live' &&
      shared !== undefined &&
      this.#world.qualityOn(stack.name, release) === 'frail'
    ) {
      this.#broken('approved', `${told}, although it was bad with ${shared} % of the traffic`);
    }
    if (stack.environment !== 'prod') return;
    if (isForward && stage !== 'candidate') this.#mustBeApproved(told, stack.name, release, own, by);
    if (by.purpose.kind === 'promotion') this.#mustBeAlone(told, by.purpose.promotion);
  }

  appended(added: readonly Fact[], by: Process): void {
    for (const fact of added) {
      if (fact.kind === 'deployment' && fact.body.attempt.startsWith('recover ')) {
        this.#recoveries.set(fact.body.attempt, by);
      }
      if (fact.kind === 'deployment') this.#deployment(fact, by);
      if (fact.kind === 'promotion' && fact.body.state === 'started') {
        this.#mustNotBeStopped(`promotion ${fact.body.promotion} starts`, fact);
        this.#mustHaveWaited(fact);
        this.#mustFindNobody(fact);
      }
      if (fact.kind === 'promotion' && fact.body.state === 'succeeded') this.#mustHaveSucceeded(fact);
    }
  }

  /** Once everything has come to rest: what the ledger says runs is what runs. */
  atRest(): void {
    const seen = statusTable(this.#world.facts, targets, outputsOf(this.#world));
    for (const { name } of everyStack) {
      const claimed = this.claimOn(name);
      const { serving, outside, late, outputs, shared, slot } = this.#world.state(name);
      const told = seen.environments.flatMap(({ stacks }) => stacks).find(({ stack }) => stack === name);
      if (
        outside &&
        claimed !== undefined &&
        outputs?.release.releaseId !== claimed &&
        told?.outsideLedger === undefined
      ) {
        this.#broken('told', `somebody put ${outputs?.release.releaseId} on ${name}, and status does not say so`);
      }
      if (claimed === undefined || outside || late !== undefined) continue;
      if (shared !== undefined) {
        this.#broken(
          'told',
          `the ledger says ${name} runs ${claimed}; ${slot?.release} has ${shared} % of the traffic`,
        );
      }
      if (serving?.release !== claimed) {
        this.#broken('told', `the ledger says ${name} runs ${claimed}; it runs ${serving?.release ?? 'nothing'}`);
      }
    }
  }

  /**
   * The release that the ledger says a stack runs; `undefined` when it says that nobody can tell, or that nothing does. The attempt
   * that began last and may have touched the stack decides, by its own last word.
   */
  claimOn(stack: StackName): string | undefined {
    const attempts = new Map<string, { touched: boolean; claims: string | undefined }>();
    for (const fact of this.#world.facts) {
      if (fact.kind === 'removal' && fact.stack === stack) attempts.clear();
      if (fact.kind !== 'deployment' || fact.stack !== stack || fact.body.attempt === 'parity') continue;
      const { state, replaced, attempt } = fact.body;
      const touched = attempts.get(attempt)?.touched === true || state !== 'skipped';
      const claims = state === 'healthy' ? fact.release : state === 'reverted' ? (replaced ?? undefined) : undefined;
      // One that was begun and then skipped, with nothing in between, never touched the stack.
      const gaveUp = state === 'skipped' && !this.#went.has(attempt);
      if (state !== 'updating' && state !== 'skipped') this.#went.add(attempt);
      attempts.set(attempt, { touched: touched && !gaveUp, claims });
    }
    return [...attempts.values()].findLast(({ touched }) => touched)?.claims;
  }

  /** Where one takes back all: what still runs a release that failed on another stack of the same promotion is said, when its legs are merged. */
  mustNameWhatIsLeft(promotion: string, { promotions }: Pick<Policy, 'promotions'>, named: readonly StackName[]): void {
    const left = promotions.onTargetFailure === 'revert-all' ? this.#leftBy(promotion) : [];
    const silent = left.filter(({ name }) => !named.includes(name));
    for (const { name } of silent) this.#broken('told', `${name} still runs what ${promotion} failed with, unsaid`);
  }

  /** @param left what could not be taken back, as whoever tried says; a stack that ran nothing before has no way back. */
  mustBeTakenBack(promotion: string, left: readonly StackName[]): void {
    for (const { name, replaced } of this.#leftBy(promotion)) {
      if (replaced === null || left.includes(name)) continue;
      this.#broken('told', `${name} runs what ${promotion} failed with, although it was taken back`);
    }
  }

  #leftBy(promotion: string) {
    return leftBy(this.#world.facts, promotion).filter(({ name, release }) => this.claimOn(name) === release);
  }

  broken(invariant: Invariant, what: string): void {
    this.#broken(invariant, what);
  }

  #deployment(fact: FactOf<'deployment'>, by: Process): void {
    const { state, attempt } = fact.body;
    const { serving, outside, shared } = this.#world.state(fact.stack as StackName);
    const takesBack = this.#takesBack(fact);
    const begins =
      state === 'updating' &&
      !this.#before(fact).some((one) => one.kind === 'deployment' && one.body.attempt === attempt);
    if (begins && !takesBack && fact.environment === 'prod' && by.purpose.kind === 'promotion') {
      this.#mustNotBeStopped(`${by.name} begins on ${fact.stack}`, fact);
    }
    if (state === 'unknown' && shared !== undefined && !outside) this.#mustOwnUpToShare(fact, shared, by);
    if (state !== 'healthy' || outside) return;
    const quality = this.#world.qualityOn(fact.stack as StackName, fact.release);
    if (shared !== undefined)
      this.#broken('true', `${attempt} calls ${fact.release} healthy while ${shared} % is another's`);
    if (serving?.release !== fact.release || serving.dead || !isSound(quality)) {
      const runs = serving === undefined ? 'nothing' : `${serving.release}${serving.dead ? ', dead' : ''}`;
      this.#broken('true', `${attempt} calls ${fact.release} on ${fact.stack} healthy; it runs ${runs} (${quality})`);
    }
  }

  /** Who ends without knowing, its candidate's share not yet all, took it back or says that it could not. */
  #mustOwnUpToShare(fact: FactOf<'deployment'>, shared: number, by: Process): void {
    const { attempt, reason } = fact.body;
    const own = this.#world.facts.filter(
      (one): one is FactOf<'deployment'> => one.kind === 'deployment' && one.body.attempt === attempt,
    );
    const staged = own.findLast(({ body }) => body.stage !== undefined)?.body.stage;
    const isOwn =
      attempt.startsWith(`${by.name}/`) && this.#world.state(fact.stack as StackName).slot?.release === fact.release;
    // One that gave no share found it: an earlier attempt left it, and told of it.
    if (!isOwn || staged !== 'share' || /could not be taken back|overtaken/.test(reason ?? '')) return;
    this.#broken('told', `${attempt} ends as unknown (${reason}) and leaves ${shared} % to its candidate`);
  }

  /** Taking back what this promotion's jobs put there is no beginning. */
  #takesBack({ environment, stack, release, body: { replaced } }: FactOf<'deployment'>): boolean {
    const { facts } = this.#world;
    const started = facts.findLastIndex(
      (one) => one.kind === 'promotion' && one.environment === environment && one.body.state === 'started',
    );
    return (
      replaced !== release &&
      facts
        .slice(started)
        .some(
          (one) =>
            one.kind === 'deployment' && one.stack === stack && one.release === release && one.body.state === 'healthy',
        )
    );
  }

  #mustHaveSucceeded(fact: FactOf<'promotion'>): void {
    for (const { name, environment } of everyStack) {
      const { serving, outside } = this.#world.state(name);
      if (environment !== fact.environment || outside) continue;
      if (serving?.release !== fact.release || serving.dead) {
        this.#broken('true', `${fact.body.promotion} succeeded; ${name} runs ${serving?.release ?? 'nothing'}`);
      }
    }
  }

  #mustNotBeStopped(what: string, fact: FactOf<'promotion'> | FactOf<'deployment'>): void {
    const before = this.#before(fact);
    const order = before.findLast(
      (one) => (one.kind === 'freeze' || one.kind === 'thaw') && one.environment === fact.environment,
    );
    if (order?.kind === 'freeze') this.#broken('stopped', `${what} although ${fact.environment} is frozen`);
    const hold = before.findLast(
      (one) => (one.kind === 'hold' || one.kind === 'unhold') && one.release === fact.release,
    );
    if (hold?.kind === 'hold') this.#broken('stopped', `${what} although ${fact.release} is held`);
  }

  #mustHaveWaited(fact: FactOf<'promotion'>): void {
    const { promotion } = fact.body;
    const before = this.#before(fact).findLast(
      (one) => (one.kind === 'promotion' || one.kind === 'superseded') && one.body.promotion === promotion,
    );
    const state = before?.kind === 'promotion' ? before.body.state : before?.kind;
    if (state !== 'prepared') this.#broken('approved', `${promotion} starts although it was ${state}`);
    const other = this.#cameBetween(fact);
    if (other !== undefined) {
      this.#broken('approved', `${promotion} starts although a ${other.kind} at ${other.at} came after its approval`);
    }
  }

  /** The ledger can't know whether jobs live; the world does. */
  #mustFindNobody(start: FactOf<'promotion'>): void {
    const owner = this.#before(start).findLast(
      (one) =>
        (one.kind === 'rollback' || one.kind === 'promotion') &&
        one.environment === start.environment &&
        (one.kind === 'rollback' || ['started', 'succeeded', 'failed'].includes(one.body.state)),
    );
    if (owner?.kind !== 'promotion' || owner.body.state !== 'started') return;
    const { promotion } = owner.body;
    if (promotion === start.body.promotion) return;
    const job = [...this.#jobs].find(
      ({ alive, purpose }) => alive && purpose.kind === 'promotion' && purpose.promotion === promotion,
    );
    if (job === undefined) return;
    this.#broken('one-at-a-time', `${start.body.promotion} starts while ${job.name} of ${promotion} is at work`);
  }

  /** An approval is for the environment as it was: whatever the ledger was told about it since, the promotion's own papers aside. */
  #cameBetween(start: FactOf<'promotion'>): Fact | undefined {
    const { promotion } = start.body;
    const before = this.#before(start);
    const approved = before.findLastIndex((one) => one.kind === 'approval' && one.body.promotion === promotion);
    return before
      .slice(approved + 1)
      .find(
        (one) =>
          'environment' in one &&
          one.environment === start.environment &&
          !((one.kind === 'promotion' || one.kind === 'approval') && one.body.promotion === promotion),
      );
  }

  #mustBeApproved(told: string, stack: StackName, release: string, own: FactOf<'deployment'>, by: Process): void {
    const { facts } = this.#world;
    if (by.purpose.kind === 'rollback') {
      const ordered = facts.some(
        (fact) => fact.kind === 'rollback' && fact.environment === own.environment && fact.release === release,
      );
      if (!ordered) this.#broken('told', `${told}, and the ledger knows of no such rollback`);
      if (!this.#wasProven(stack, release)) this.#broken('approved', `${told}, which was never proven there`);
      return;
    }
    if (by.purpose.kind !== 'promotion') {
      this.#broken('approved', `${told} without a promotion`);
      return;
    }
    const id = by.purpose.promotion;
    const fault = this.#approvalFault(id, release, own);
    if (fault !== undefined) this.#broken('approved', `${told} by ${id}: ${fault}`);
  }

  #approvalFault(id: string, release: string, own: FactOf<'deployment'>): string | undefined {
    const began = this.#world.facts.find(
      (fact) => fact.kind === 'deployment' && fact.body.attempt === own.body.attempt,
    );
    const before = began === undefined ? [] : this.#before(began);
    const paper = before.flatMap((fact) => (fact.kind === 'promotion' && fact.body.promotion === id ? [fact] : []));
    const [prepared] = paper;
    const approval = before.findLast((fact) => fact.kind === 'approval' && fact.body.promotion === id);
    if (prepared === undefined) return 'nobody prepared it';
    if (approval?.kind !== 'approval') return 'nobody approved it';
    const manifest = this.#world.manifests.get(release);
    if (prepared.release !== release || manifest === undefined) return `it is about ${prepared.release}`;
    if (approval.body.manifest !== manifestHash(manifest)) return 'another manifest was approved';
    const { approver, expires } = approval.body;
    if (approver === prepared.body.requestedBy) return `${approver} asked for it`;
    if (this.#people.authors.includes(approver)) return `${approver} wrote it`;
    const writtenMs = began === undefined ? 0 : (this.#world.writtenMs.get(began.id) ?? 0);
    if (writtenMs > Date.parse(expires) + graceMs) return `the approval expired at ${expires}`;
    const state = before.findLast(
      (fact) => (fact.kind === 'promotion' || fact.kind === 'superseded') && fact.body.promotion === id,
    );
    const last = state?.kind === 'promotion' ? state.body.state : state?.kind;
    const unproven = everyStack.find(
      ({ name, environment }) => environment === 'dev' && !this.#wasProven(name, release),
    );
    if (unproven !== undefined) return `it was never proven on ${unproven.name}`;
    if (last !== 'started') return `it was ${last} when ${own.stack} began`;
    return this.#changedSince(paper, before, own);
  }

  /** Whatever else was carried out in the environment since it was prepared: nobody approved going on from there. */
  #changedSince(
    paper: readonly FactOf<'promotion'>[],
    before: readonly Fact[],
    { environment }: FactOf<'deployment'>,
  ): string | undefined {
    const [prepared] = paper;
    const other = before
      .slice(prepared === undefined ? 0 : before.indexOf(prepared) + 1)
      .find(
        (fact) =>
          (fact.kind === 'rollback' && fact.environment === environment) ||
          (fact.kind === 'promotion' &&
            fact.environment === environment &&
            fact.body.promotion !== prepared?.body.promotion &&
            fact.body.state === 'started'),
      );
    return other === undefined ? undefined : `a ${other.kind} at ${other.at} came between`;
  }

  #wasProven(stack: string, release: string): boolean {
    return this.#world.facts.some(
      (fact) =>
        fact.kind === 'deployment' && fact.stack === stack && fact.release === release && fact.body.state === 'healthy',
    );
  }

  #mustBeAlone(told: string, promotion: string): void {
    const seen = this.#changing.indexOf(promotion);
    if (seen === -1) this.#changing.push(promotion);
    else if (seen < this.#changing.length - 1) {
      this.#broken('one-at-a-time', `${told} for ${promotion} after ${this.#changing.at(-1)} had begun`);
    }
  }

  #before(fact: Fact): readonly Fact[] {
    return this.#world.facts.slice(0, this.#world.facts.indexOf(fact));
  }

  #broken(invariant: Invariant, what: string): void {
    this.violations.push({ invariant, what });
  }
}

const targets: readonly Target[] = everyStack.map((stack) => ({ stack, runtime: runtimeOf[stack.cloud] }));

function outputsOf(world: World): Record<string, string | null> {
  return Object.fromEntries(everyStack.map(({ name }) => [name, world.state(name).outputs?.release.releaseId ?? null]));
}
