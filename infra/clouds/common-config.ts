// What of a stack's configuration holds for the live release and for the candidate beside it, where both use the same resource.
import type { PredictionServiceArgs, ServiceConfig } from '../contract/service.ts';

/**
 * The live release's, until the candidate takes its place. What only the candidate needs is made with it, and nothing that the live
 * release uses is taken away. Not for what each has of its own: its variables, its network, its exposure.
 */
export function commonConfig({
  config,
  liveConfig: live,
}: Pick<PredictionServiceArgs, 'config' | 'liveConfig'>): ServiceConfig {
  if (live === undefined) return config;
  const database = live.database ?? config.database;
  return {
    ...live,
    secrets: { ...config.secrets, ...live.secrets },
    network: { ...config.network, ...live.network },
    objectStore: live.objectStore || config.objectStore,
    ...(database === undefined ? {} : { database }),
  };
}
