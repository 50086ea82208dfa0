// How much may be explained at a time, by its price, and that it is done one piece after the other: a thread has nothing to gain from two.
import { AppError } from '../../model/errors.ts';

/** Rows of the engine that are promised and not computed: what three of the largest requests cost. A second or so. */
const mostPromised = 3 * 16 * 8192;

export class Room {
  readonly #most: number;
  #promised = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(most = mostPromised) {
    this.#most = most;
  }

  /**
   * One that is larger than the room gets in when nobody is there.
   * @param rows its price. @returns what `work` does; it asks for its turn piece by piece. @throws AppError `overloaded`.
   */
  async hold<T>(rows: number, work: () => Promise<T>): Promise<T> {
    if (this.#promised > 0 && this.#promised + rows > this.#most) {
      throw new AppError(
        'overloaded',
        `expected explanations of at most ${this.#most} rows of the engine to wait, found more; ask again in a second`,
      );
    }
    this.#promised += rows;
    try {
      return await work();
    } finally {
      this.#promised -= rows;
    }
  }

  /** After everything that was asked for before: requests of many records and of one go on side by side. */
  turn<T>(piece: () => Promise<T>): Promise<T> {
    const done = this.#last.then(piece);
    this.#last = done.catch(() => {});
    return done;
  }
}
