// What Cloud Run's own fields say about a deployment. After a failure the last good revision keeps serving: a 200 from the URL proves nothing.
import type { Stage } from '../../../contract/service.ts';
import type { Judgement } from '../../polling.ts';
import { candidateTag } from './revision.ts';

export interface CloudRunCondition {
  readonly type?: string | undefined;
  readonly state?: string | undefined;
  readonly message?: string | undefined;
}

export interface CloudRunTarget {
  readonly type?: string | undefined;
  readonly revision?: string | undefined;
  readonly percent: number;
  readonly tag?: string | undefined;
}

export interface CloudRunRevision {
  /** `projects/…/revisions/<revision>` */
  readonly name: string;
  readonly image?: string | undefined;
  readonly conditions: readonly CloudRunCondition[];
  readonly logUri?: string | undefined;
}

export interface CloudRunObservation {
  /** `projects/…/services/<service>` */
  readonly service: string;
  /** Absent: the API knows no such service. */
  readonly found?: {
    readonly reconciling: boolean;
    readonly generation?: string | undefined;
    readonly observedGeneration?: string | undefined;
    readonly terminal?: CloudRunCondition | undefined;
    readonly latestReady?: string | undefined;
    readonly latestCreated?: string | undefined;
    /** Who is to get how many percent, and who does; the type says so when no revision is named. */
    readonly intended?: readonly CloudRunTarget[];
    readonly traffic: readonly CloudRunTarget[];
  };
  /** The one that is judged: see `judged`. */
  readonly revision?: CloudRunRevision | undefined;
}

/** What is to be proven. */
export interface Asked {
  /** `<registry host>/<repository>@sha256:…` */
  readonly imageRef: string;
  readonly stage: Stage;
  /** Of the traffic, for a candidate that has a share. */
  readonly sharePercent?: number | undefined;
}

/**
 * The revision that the proof is about: the tagged one for a candidate; for what is live the one that all traffic is meant for by name, else
 * the latest created.
 */
export function judged(found: NonNullable<CloudRunObservation['found']>, stage: Stage): string | undefined {
  if (stage === 'live') return pinnedIn(found) ?? found.latestCreated;
  return found.traffic.find(({ tag }) => tag === candidateTag)?.revision ?? found.latestCreated;
}

/** Meant to have all of the traffic, whatever else was created since. */
function pinnedIn({ intended = [] }: NonNullable<CloudRunObservation['found']>): string | undefined {
  const whole = intended.filter(({ percent }) => percent > 0);
  return whole.length === 1 && whole[0]?.percent === 100 ? whole[0].revision : undefined;
}

export function judge({ service, found, revision }: CloudRunObservation, asked: Asked): Judgement {
  const { imageRef, stage } = asked;
  const expected = `${imageRef} in ${expectations[stage](asked)}`;
  const source = `Cloud Run GET ${service}`;
  const says = (outcome: Judgement['outcome'], words: string): Judgement => ({
    outcome,
    expected,
    found: words,
    source,
  });

  if (found === undefined) return says('errored', 'no such service');
  const { terminal } = found;
  if (found.reconciling || found.observedGeneration !== found.generation) {
    return says(
      'wait',
      `reconciling generation ${found.generation ?? '?'}, observed ${found.observedGeneration ?? 'none'}`,
    );
  }
  if (terminal?.state === 'CONDITION_PENDING' || terminal?.state === 'CONDITION_RECONCILING') {
    return says('wait', terminal.state);
  }
  if (stage === 'live') {
    const pinned = pinnedIn(found);
    // What failed, if anything did, is the candidate beside it.
    if (pinned !== undefined && shortName(pinned) !== shortName(found.latestCreated)) return besideIt(pinned);
  }
  if (terminal?.state === 'CONDITION_FAILED') return says('failed', failureOf(found, revision));
  if (terminal?.state !== 'CONDITION_SUCCEEDED')
    return says('errored', `terminal condition ${terminal?.state ?? 'unset'}`);

  if (found.latestReady !== found.latestCreated || revision === undefined) {
    return says('wait', `${shortName(found.latestCreated)} is not ready; ready is ${shortName(found.latestReady)}`);
  }
  const name = shortName(revision.name);
  if (revision.image !== imageRef) return says('failed', `${name} runs ${revision.image ?? 'no image'}`);
  if (stage !== 'live') {
    const wanted = stage === 'share' ? (asked.sharePercent ?? 0) : 0;
    const tagged = found.traffic.find(({ tag }) => tag === candidateTag);
    if (shortName(tagged?.revision) !== name)
      return says('failed', `${name} is not tagged; ${trafficOf(found.traffic)}`);
    const has = shareOf(name, found.traffic);
    const words = `${name} runs ${revision.image} with ${has} % of the traffic`;
    return has === wanted ? says('passed', words) : says('failed', `${words}; ${trafficOf(found.traffic)}`);
  }
  const share = shareOf(name, found.traffic);
  if (share !== 100) return says('failed', `${name} gets ${share} % of the traffic; ${trafficOf(found.traffic)}`);
  return says('passed', `${name} runs ${revision.image} with all traffic`);

  function besideIt(pinned: string): Judgement {
    const name = shortName(pinned);
    if (revision === undefined) return says('errored', `no such revision: ${name}`);
    if (revision.image !== imageRef) return says('failed', `${name} runs ${revision.image ?? 'no image'}`);
    const share = shareOf(name, found?.traffic ?? []);
    if (share !== 100)
      return says('failed', `${name} gets ${share} % of the traffic; ${trafficOf(found?.traffic ?? [])}`);
    const failed = revision.conditions.find(({ type, state }) => type === 'Ready' && state === 'CONDITION_FAILED');
    if (failed !== undefined) return says('failed', `${name} failed: ${failed.message ?? 'no message'}`);
    return says('passed', `${name} runs ${revision.image} with all traffic, beside ${shortName(found?.latestCreated)}`);
  }
}

const expectations: Readonly<Record<Stage, (asked: Asked) => string>> = {
  candidate: () => `the revision tagged ${candidateTag}, with no traffic`,
  share: ({ sharePercent }) => `the revision tagged ${candidateTag}, with ${sharePercent} % of the traffic`,
  live: () => 'the latest ready revision, with all traffic',
};

function failureOf(found: NonNullable<CloudRunObservation['found']>, revision: CloudRunRevision | undefined): string {
  const own = revision?.conditions.find((one) => one.state === 'CONDITION_FAILED' && one.message !== undefined);
  const message = own?.message ?? found.terminal?.message ?? 'no message';
  const still = found.latestReady === undefined ? 'nothing serves' : `${shortName(found.latestReady)} still serves`;
  const log = revision?.logUri === undefined ? '' : `; log: ${revision.logUri}`;
  return `${shortName(found.latestCreated)} failed: ${message}; ${still}${log}`;
}

function shareOf(revision: string, traffic: NonNullable<CloudRunObservation['found']>['traffic']): number {
  return traffic
    .filter((one) => one.revision === undefined || shortName(one.revision) === revision)
    .reduce((sum, one) => sum + one.percent, 0);
}

function trafficOf(traffic: NonNullable<CloudRunObservation['found']>['traffic']): string {
  const shares = traffic.map(
    (one) => `${one.revision === undefined ? 'latest' : shortName(one.revision)} ${one.percent} %`,
  );
  return shares.length === 0 ? 'no traffic is assigned' : `traffic: ${shares.join(', ')}`;
}

function shortName(name: string | undefined): string {
  return name?.split('/').at(-1) ?? 'no revision';
}
