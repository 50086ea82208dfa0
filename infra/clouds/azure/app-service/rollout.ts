// What of production's requests the slot answers: https://learn.microsoft.com/azure/app-service/deploy-staging-slots#route-traffic
import type { web } from '@pulumi/azure-native/types/input.js';
import { DeliveryError } from '../../../contract/errors.ts';
import type { PredictionServiceArgs, ReleaseArgs, ServiceConfig } from '../../../contract/service.ts';
import { usesSlot } from './limits.ts';

type RolloutArgs = Pick<PredictionServiceArgs, 'stack' | 'stage' | 'sharePercent' | 'release' | 'current'>;

/** Until a release is live, production keeps what it runs; the very first one has nothing to wait behind. */
export function liveRelease({ stack, stage, release, current }: RolloutArgs): ReleaseArgs {
  return stage !== 'live' && usesSlot(stack) ? (current ?? release) : release;
}

/** Production keeps its own settings as well: with those of an unproven release it would start again. */
export function liveConfigOf({
  stack,
  config,
  liveConfig,
}: Pick<PredictionServiceArgs, 'stack' | 'config' | 'liveConfig'>): ServiceConfig {
  return usesSlot(stack) ? (liveConfig ?? config) : config;
}

/** Written also where there are none: ARM keeps a rule that is not spoken of. `undefined` where there is no slot. */
export function diversionOf({ stack, stage, sharePercent, current }: RolloutArgs): web.ExperimentsArgs | undefined {
  if (!usesSlot(stack)) return undefined;
  if (stage !== 'share' || sharePercent === undefined) return { rampUpRules: [] };
  const slot = current?.candidateEndpoint;
  if (slot === undefined) {
    throw new DeliveryError(
      'errored',
      `${stack.name}: expected a candidate in the slot before it gets a share; found none`,
    );
  }
  return {
    rampUpRules: [{ name: 'candidate', actionHostName: new URL(slot).host, reroutePercentage: sharePercent }],
  };
}
