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
  | { readonly trireme: 'move'; readonly move: LabelMove }
  | { readonly trireme: 'stop'; readonly grace: boolean }
  | { readonly trireme: 'collect'; readonly id: number }
  | { readonly trireme: 'metrics'; readonly id: number; readonly text: string };

export type ToPrimary =
  /** It listens to messages from now on: Node drops those that came before. */
  | { readonly trireme: 'hello' }
  | { readonly trireme: 'loaded' }
  /** It moved a label; the others are to do so too. */
  | { readonly trireme: 'move'; readonly move: LabelMove }
  | { readonly trireme: 'snapshot'; readonly id: number; readonly metrics: object[] }
  | { readonly trireme: 'metrics'; readonly id: number };

/** Node's cluster module and libraries send messages of their own. */
export function isOurs<M extends ToWorker | ToPrimary>(message: unknown): message is M {
  return typeof message === 'object' && message !== null && 'trireme' in message;
}
