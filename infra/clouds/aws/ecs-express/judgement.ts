// What ECS's own fields say about a deployment. The service is ACTIVE before, during and after a roll-back: deployments decide, then what runs.
import type { Judgement } from '../../polling.ts';

/** The newest deployment there was before; none when there was no service. */
export interface EcsBaseline {
  readonly deploymentArn?: string;
}

export interface EcsDeployment {
  readonly arn: string;
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly revisionArn?: string;
  readonly reason?: string;
}

export type Exposure = 'public' | 'private';

export interface EcsTask {
  readonly arn: string;
  readonly imageDigest?: string;
}

export interface EcsObservation {
  readonly serviceArn: string;
  /** Absent: the API knows no such service. */
  readonly status?: string;
  readonly activeRevisions: readonly string[];
  /** In any order: the API names none. */
  readonly deployments: readonly EcsDeployment[];
  /** What `revisionToRead` named, as ECS resolved its image. */
  readonly revision?: { readonly arn: string; readonly image?: string; readonly imageDigest?: string };
  /** Of the balancer that leads to that revision: `PUBLIC` or `PRIVATE`, by the subnets the service was given. */
  readonly accessType?: string;
  /** Meant to run, and running. */
  readonly tasks: readonly EcsTask[];
}

/**
 * @param imageRef what must run: `<registry host>/<repository>@sha256:…`
 * @param exposure what the stack says; `undefined`: it is not judged
 */
export function judge(
  observed: EcsObservation,
  baseline: EcsBaseline,
  imageRef: string,
  exposure?: Exposure,
): Judgement {
  const behind = exposure === undefined ? '' : `, behind a ${exposure} balancer`;
  const expected = `${imageRef} in every running task after a successful deployment${behind}`;
  const source = `ECS ListServiceDeployments, DescribeServiceRevisions and DescribeTasks ${observed.serviceArn}`;
  const says = (outcome: Judgement['outcome'], found: string): Judgement => ({ outcome, expected, found, source });
  const { status, deployments } = observed;

  if (status === undefined) return says('errored', 'no such service');
  if (status !== 'ACTIVE') return says('failed', `the service is ${status}`);

  const latest = newest(deployments);
  const ours = newerThan(baseline, deployments);
  if (latest === undefined) return says('errored', 'no deployment at all');
  const deployment = `deployment ${idOf(latest.arn)} ${latest.status}`;
  const reason = latest.reason === undefined ? '' : `: ${latest.reason}`;

  if (isUnderWay(latest)) return says('wait', deployment);
  if (ours === undefined) {
    // The same revision asked for again changes nothing, and nothing is then listed.
    // What a roll-back before left running is as much there as what a success left.
    const hasEnded = latest.status === 'SUCCESSFUL' || latest.status === rolledBack;
    const runs = hasEnded ? whatRuns(observed, imageRef, exposure) : undefined;
    if (runs?.outcome === 'passed') return says('passed', `${runs.found}, no newer deployment`);
    if (runs?.fault !== undefined) return says('failed', runs.found);
    const now = runs === undefined ? `the last one is ${deployment}${reason}` : runs.found;
    return says('errored', `no deployment since; ${now}`);
  }
  if (latest.status.startsWith('ROLLBACK_')) return says('failed', `rolled back: ${deployment}${reason}`);
  if (latest.status.startsWith('STOP')) return says('failed', `${deployment}${reason}`);
  if (latest.status !== 'SUCCESSFUL') return says('errored', `${deployment}: this status is not known`);
  const runs = whatRuns(observed, imageRef, exposure);
  return says(runs.outcome, `${deployment}, ${runs.found}`);
}

/** https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html */
const rolledBack = 'ROLLBACK_SUCCESSFUL';

/**
 * Whose image tells what the service is meant to run: what the newest deployment put there, or what it was rolled back to, which is what the
 * last success put there. The API names no order of what is active.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
 */
export function revisionToRead({
  deployments,
  activeRevisions,
}: Pick<EcsObservation, 'deployments' | 'activeRevisions'>): string | undefined {
  const latest = newest(deployments);
  if (latest?.status !== rolledBack) return latest?.revisionArn ?? activeRevisions[0];
  const succeeded = newest(deployments.filter(({ status }) => status === 'SUCCESSFUL'))?.revisionArn;
  const isActive = succeeded !== undefined && activeRevisions.includes(succeeded);
  return isActive ? succeeded : (activeRevisions.find((arn) => arn !== latest.revisionArn) ?? activeRevisions[0]);
}

export function newest(deployments: readonly EcsDeployment[]): EcsDeployment | undefined {
  return deployments.toSorted((a, b) => b.createdAt - a.createdAt)[0];
}

/** By identity, never by time: this machine's clock is not the vendor's. */
function newerThan({ deploymentArn }: EcsBaseline, deployments: readonly EcsDeployment[]): EcsDeployment | undefined {
  const latest = newest(deployments);
  return latest?.arn === deploymentArn ? undefined : latest;
}

function isUnderWay({ status }: EcsDeployment): boolean {
  return status === 'PENDING' || status === 'IN_PROGRESS';
}

/** After SUCCESSFUL the rest is a matter of moments: what does not fit yet is waited for, another image is not. */
function whatRuns(observed: EcsObservation, imageRef: string, exposure: Exposure | undefined): Running {
  const runs = whatTasksRun(observed, imageRef);
  const { accessType } = observed;
  if (runs.outcome !== 'passed' || exposure === undefined) return runs;
  if (accessType === undefined) return { outcome: 'wait', found: `${runs.found}, its ingress path is not told yet` };
  if (accessType === exposure.toUpperCase()) return { outcome: 'passed', found: `${runs.found}, ${accessType}` };
  const subnets = `name ${exposure} subnets in network, or set exposure as they are`;
  const found = `${runs.found}, but its balancer is ${accessType} and the stack says ${exposure}: ${subnets}`;
  return { outcome: 'failed', found, fault: 'exposure' };
}

interface Running extends Pick<Judgement, 'outcome' | 'found'> {
  /** All runs as it should, and is reached by more or by fewer than the stack says. */
  readonly fault?: 'exposure';
}

function whatTasksRun(observed: EcsObservation, imageRef: string): Running {
  const { revision, activeRevisions, tasks } = observed;
  const wanted = digestOf(imageRef);
  if (revision?.imageDigest === undefined) return { outcome: 'wait', found: 'its revision names no image digest yet' };
  // Named by its digest the image can be no other; what it was resolved to may be one platform's part of an index.
  const isWanted = revision.imageDigest === wanted || revision.image === imageRef;
  const runs = `revision ${idOf(revision.arn)} of ${revision.image ?? 'an image without a name'}, ${revision.imageDigest}`;
  if (!isWanted) return { outcome: 'failed', found: runs };
  if (activeRevisions.length !== 1 || activeRevisions[0] !== revision.arn) {
    const active = activeRevisions.map(idOf).join(', ') || 'none';
    return { outcome: 'wait', found: `${runs}, but active: ${active}` };
  }
  if (tasks.length === 0) return { outcome: 'wait', found: `${runs}, but no task runs` };
  const others = tasks.filter(({ imageDigest }) => imageDigest !== wanted && imageDigest !== revision.imageDigest);
  if (others.length > 0) {
    const [other] = others;
    const found = `${others.length} of ${tasks.length} running tasks: ${other?.imageDigest ?? 'no digest yet'}`;
    return { outcome: 'wait', found: `${runs}, but in ${found}` };
  }
  return { outcome: 'passed', found: `${runs}, in all ${tasks.length} running tasks` };
}

function digestOf(imageRef: string): string {
  return imageRef.slice(imageRef.indexOf('@') + 1);
}

/** `arn:aws:ecs:<region>:<account>:service-deployment/<cluster>/<service>/<id>` */
function idOf(arn: string): string {
  return arn.slice(arn.lastIndexOf('/') + 1);
}
