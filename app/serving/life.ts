// The life of the process as balancers see it: starting, ready or refused, draining. Pure state; `service.ts` moves it along.
import type { Predictor } from './predictor.ts';

export type Phase = 'starting' | 'ready' | 'refused' | 'draining';

export class Life {
  #phase: Phase = 'starting';
  #reason: string | undefined = 'the models are being loaded';
  #models: readonly Predictor[] = [];
  #wasReady = false;

  get phase(): Phase {
    return this.#phase;
  }

  /** Why it is not ready; `undefined` when it is. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Loaded and checked models, whether ready or not. */
  get models(): readonly Predictor[] {
    return this.#models;
  }

  /** A draining service still answers: balancers need time to notice, and until then send requests here. */
  get answers(): boolean {
    return this.#phase === 'ready' || (this.#phase === 'draining' && this.#wasReady);
  }

  loaded(models: readonly Predictor[]): void {
    this.#models = models;
  }

  ready(): void {
    if (this.#phase !== 'starting') return;
    this.#move('ready', undefined);
    this.#wasReady = true;
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
