// Which revision of a Cloud Run service gets how much of the traffic. In prod revisions are named by what is in them, so that one which exists
// is meant again and nothing else: https://cloud.google.com/run/docs/rollouts-rollbacks-traffic-migration
import type { cloudrunv2 } from '@pulumi/gcp/types/input.js';
import { type Output, output, unsecret } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../../contract/service.ts';
import { serviceName } from '../../names.ts';
import { candidateTag, revisionName, shortName, usesTag } from './revision.ts';

export type Template = cloudrunv2.ServiceTemplate;

export interface Rollout {
  readonly template: Template;
  readonly traffics: Output<cloudrunv2.ServiceTraffic[]>;
  /** The short name of what is live; `undefined` where the platform names revisions. */
  readonly live: Output<string> | undefined;
  /** The short name of what is tagged; its value is `undefined` where what was deployed is live already. */
  readonly candidate: Output<string | undefined> | undefined;
}

type RolloutArgs = Pick<PredictionServiceArgs, 'stack' | 'stage' | 'sharePercent' | 'release' | 'current'>;

export function rolloutOf(args: RolloutArgs, template: Template): Rollout {
  const { stack, release, current, stage } = args;
  if (!usesTag(stack)) {
    const traffics = output([{ type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 }]);
    return { template, traffics, live: undefined, candidate: undefined };
  }
  const own = unsecret(
    output(template).apply((known) =>
      revisionName(serviceName(stack), release.releaseId, JSON.parse(JSON.stringify(known))),
    ),
  );
  const running = current === undefined ? undefined : shortName(current.revision);
  const beside = stage !== 'live' && running !== undefined;
  return {
    template: { ...template, revision: own },
    traffics: own.apply((name) => trafficFor(name, beside ? running : undefined, args)),
    live: beside ? output(running) : own,
    candidate: beside ? own.apply((name) => (name === running ? undefined : name)) : undefined,
  };
}

/**
 * Whom the requests go to. A revision that is live already gets all of them, whatever the stage: there is nothing to try out.
 * @param running what stays live; `undefined` once the release itself is to be.
 */
export function trafficFor(
  own: string,
  running: string | undefined,
  { stage, sharePercent = 0 }: Pick<RolloutArgs, 'stage' | 'sharePercent'>,
): cloudrunv2.ServiceTraffic[] {
  const type = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
  if (running === undefined || running === own) return [{ type, revision: own, percent: 100 }];
  const share = stage === 'share' ? sharePercent : 0;
  return [
    { type, revision: running, percent: 100 - share },
    // The API leaves out a percent of nothing.
    { type, revision: own, tag: candidateTag, ...(share === 0 ? {} : { percent: share }) },
  ];
}
