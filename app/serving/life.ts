// The life of the process as balancers see it: starting, ready or refused, draining. Pure state; `service.ts` moves it along.
import { Served } from './models/served.ts';
import type { Predictor } from './predictor.ts';

export type Phase = 'starting' | 'ready' | 'refused' | 'draining';

export class Life {
  #phase: Phase = 'starting';
  #reason: string | undefined = 'the models are being loaded';
  #served = Served.none;
  #isChecked = false;

  get phase(): Phase {
    return this.#phase;
  }

  /** Why it is not ready; `undefined` when it is. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Loaded and checked models, whether ready or not, and what their labels mean. */
  get served(): Served {
    return this.#served;
  }

  /** All of them; the first answers `/predict`. */
  get models(): readonly Predictor[] {
    return this.#served.all;
  }

  /** A draining service still answers: balancers need time to notice, and until then send requests here. So does one that waits for its neighbours. */
  get answers(): boolean {
    return this.#isChecked && this.#phase !== 'refused';
  }

  /** For requests that are read from now on; one that was read before keeps the model it was read for. */
  loaded(served: Served): void {
    this.#served = served;
  }

  /** It could answer, but is not ready before the other processes behind its port can: a client that was told so may meet any of them. */
  checked(): void {
    if (this.#phase !== 'starting') return;
    this.#isChecked = true;
    this.#reason = 'the other processes are loading their models';
  }

  ready(): void {
    if (this.#phase !== 'starting') return;
    this.#isChecked = true;
    this.#move('ready', undefined);
  }

  /** For good: nothing that a request could do makes it ready. */
  refuse(reason: string): void {
    if (this.#phase === 'starting') this.#move('refused', reason);
  }

  drain(): void {
    this.#move('draining', 'it was asked to stop');
  }

  #move(phase: Phase, reason: string | undefined): void {
    this.#phase = phase;
    this.#reason = reason;
  }
}
