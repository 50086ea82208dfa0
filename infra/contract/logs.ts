// What a service and its platform said, as the cloud's own log service keeps it.
import type { DeployedService } from './service.ts';

export interface LogLine {
  /** Milliseconds since the epoch; absent where the cloud does not tell. */
  readonly atMs?: number;
  /** `platform`: deployments, probes, scaling. `container`: what the application wrote. */
  readonly from: 'platform' | 'container';
  readonly text: string;
}

export interface LogReader {
  /**
   * Oldest first. Times in milliseconds since the epoch. A service that has said nothing yet has no lines.
   * @throws DeliveryError `cloud-unreachable` for what may pass, `errored` for a refusal.
   */
  read(service: DeployedService, span: { readonly fromMs: number; readonly toMs: number }): Promise<readonly LogLine[]>;
}
