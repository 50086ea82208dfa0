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
}

export type NetworkOf = Pick<Artifact, 'network' | 'weights'>;

/** @throws AppError `network-unsupported` when this engine can't run that network. */
export type EngineFactory = (artifact: NetworkOf) => Engine;
