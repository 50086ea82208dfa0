// What the processes of one service say to each other.
import type { LabelMove } from '../models/labels.ts';

export type ToWorker =
  | {
      readonly trireme: 'begin';
      /** It takes the place of one that ended: it listens once it can answer, because the others answer already. */
      readonly isReplacement: boolean;
      /** The one that talks to a person at the terminal. */
      readonly isFirst: boolean;
    }
  /** Every process has its models. */
  | { readonly trireme: 'ready' }
  /** Every process gets every move, in one order: whoever moved two labels at once, all of them mean the same afterwards. */
  | { readonly trireme: 'move'; readonly id: number; readonly move: LabelMove }
  /** To the process that asked for it. `missing`: processes that did not say in time that they moved it. */
  | { readonly trireme: 'move-ended'; readonly id: number; readonly missing: number }
  | { readonly trireme: 'stop'; readonly grace: boolean }
  | { readonly trireme: 'collect'; readonly id: number }
  | { readonly trireme: 'metrics'; readonly id: number; readonly text: string };

export type ToPrimary =
  /** It listens to messages from now on: Node drops those that came before. */
  | { readonly trireme: 'hello' }
  /** It has its models, and moves labels when it is told. */
  | { readonly trireme: 'loaded' }
  /** Development: it has other models now, and their labels as they are stated. */
  | { readonly trireme: 'reloaded' }
  /** A label is to be moved, in the process that asks too. */
  | { readonly trireme: 'move'; readonly id: number; readonly move: LabelMove }
  | { readonly trireme: 'moved'; readonly id: number; readonly isMoved: boolean }
  | { readonly trireme: 'snapshot'; readonly id: number; readonly metrics: object[] }
  | { readonly trireme: 'metrics'; readonly id: number };

/** Node's cluster module and libraries send messages of their own. */
export function isOurs<M extends ToWorker | ToPrimary>(message: unknown): message is M {
  return typeof message === 'object' && message !== null && 'trireme' in message;
}
