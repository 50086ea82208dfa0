// What `quick-predict.ts` already did with a request that it hands over to Express: nothing is checked or read twice.
import type { IncomingMessage } from 'node:http';
import type { AppError } from '../../model/errors.ts';

export interface Handover {
  /** What the gate said no with. */
  readonly refusal?: AppError | undefined;
  /** The whole body. */
  readonly body?: Buffer | undefined;
}

const handovers = new WeakMap<IncomingMessage, Handover>();

export function handOver(request: IncomingMessage, handover: Handover): void {
  handovers.set(request, handover);
}

export function handedOver(request: IncomingMessage): Handover | undefined {
  return handovers.get(request);
}
