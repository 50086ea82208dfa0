// What serving asks of an inference engine, whatever computes inside.
import type { Artifact } from '../model/artifact.ts';
import type { Choice } from './choice.ts';

export interface Engine {
  /** As `/version` and the metrics name it. */
  readonly name: string;
  /** How many numbers one row takes, and how many it answers. */
  readonly inputWidth: number;
  readonly outputWidth: number;
  /**
   * The forward pass over `rows` rows that lie one after the other in `inputs`.
   * @returns the answers in the same order; the array is the engine's own and holds until the next call.
   */
  run(inputs: Float32Array, rows: number): Float32Array;
  /** The engines that compute where several share the work by the number of rows: each must give the golden answers. */
  readonly parts?: readonly Engine[];
  /** Why it was chosen. */
  readonly choice?: Choice;
  /** For one that is let go before it served: gives back at once what the collector of garbage does not see. It is not asked again. */
  dispose?(): void;
}

export type NetworkOf = Pick<Artifact, 'network' | 'weights'>;
/** What it takes to know whether an engine answers as training did. */
export type CheckableModel = NetworkOf & Pick<Artifact, 'model' | 'golden'>;

/** @throws AppError `network-unsupported` when this engine can't run that network. */
export type EngineFactory = (artifact: NetworkOf) => Engine;
