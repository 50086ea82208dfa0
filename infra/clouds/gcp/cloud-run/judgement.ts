// What Cloud Run's own fields say about a deployment. After a failure the last good revision keeps serving: a 200 from the URL proves nothing.
import type { Judgement } from '../../polling.ts';

export interface CloudRunCondition {
  readonly type?: string | undefined;
  readonly state?: string | undefined;
  readonly message?: string | undefined;
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
    /** Who gets how many percent; the type says so when no revision is named. */
    readonly traffic: readonly {
      readonly type?: string | undefined;
      readonly revision?: string | undefined;
      readonly percent: number;
    }[];
  };
  /** The latest one created. */
  readonly revision?: CloudRunRevision | undefined;
}

/** @param imageRef what must run: `<registry host>/<repository>@sha256:…` */
export function judge({ service, found, revision }: CloudRunObservation, imageRef: string): Judgement {
  const expected = `${imageRef} in the latest ready revision, with all traffic`;
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
  if (terminal?.state === 'CONDITION_FAILED') return says('failed', failureOf(found, revision));
  if (terminal?.state !== 'CONDITION_SUCCEEDED')
    return says('errored', `terminal condition ${terminal?.state ?? 'unset'}`);

  if (found.latestReady !== found.latestCreated || revision === undefined) {
    return says('wait', `${shortName(found.latestCreated)} is not ready; ready is ${shortName(found.latestReady)}`);
  }
  const name = shortName(revision.name);
  if (revision.image !== imageRef) return says('failed', `${name} runs ${revision.image ?? 'no image'}`);
  const share = shareOf(name, found.traffic);
  if (share !== 100) return says('failed', `${name} gets ${share} % of the traffic; ${trafficOf(found.traffic)}`);
  return says('passed', `${name} runs ${revision.image} with all traffic`);
}

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
