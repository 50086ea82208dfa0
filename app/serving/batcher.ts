// Rows of several requests in one run of the engine, and rows of one large request in several runs: never a timer, always a turn for the event loop.
// The sockets that are readable in one turn of the loop are read before `setImmediate` runs: what they bring is the batch.
import { AppError } from '../model/errors.ts';

export interface BatcherOptions {
  readonly inputWidth: number;
  readonly outputWidth: number;
  /** The answer holds until the next call. */
  run(inputs: Float32Array, rows: number): Float32Array;
  /** Most rows in one run, which is how long the event loop stands still. */
  readonly blockRows?: number;
  /** Most rows that wait; a request that is larger than that still gets in when nobody waits. */
  readonly maxQueuedRows?: number;
  readonly now?: () => number;
  readonly defer?: (flush: () => void) => void;
}

interface Job {
  readonly inputs: Float32Array;
  readonly rows: number;
  readonly outputs: Float32Array;
  /** By the clock of `now`. */
  readonly deadline: number;
  done: number;
  resolve(outputs: Float32Array): void;
  reject(error: unknown): void;
}
interface Share {
  readonly job: Job;
  readonly from: number;
  readonly rows: number;
}

export const blockRows = 256;
export const maxQueuedRows = 200_000;

/** One for each loaded model, so that a request is answered by the model it was read for, whatever is loaded meanwhile. */
export class Batcher {
  readonly #options: Required<BatcherOptions>;
  readonly #room: Float32Array;
  #jobs: Job[] = [];
  #queuedRows = 0;
  #isScheduled = false;

  constructor(options: BatcherOptions) {
    this.#options = { blockRows, maxQueuedRows, now: () => performance.now(), defer: setImmediate, ...options };
    this.#room = new Float32Array(this.#options.blockRows * options.inputWidth);
  }

  get queuedRows(): number {
    return this.#queuedRows;
  }

  /**
   * @param inputs rows that were checked: one bad row would spoil the run for others. @param deadline by the clock of `now`.
   * @returns the answers, the caller's own. @throws AppError `overloaded` or `deadline-exceeded`; what the engine throws about these rows.
   */
  submit(inputs: Float32Array, rows: number, deadline = Number.POSITIVE_INFINITY): Promise<Float32Array> {
    if (this.#queuedRows > 0 && this.#queuedRows + rows > this.#options.maxQueuedRows) {
      const error = `expected at most ${this.#options.maxQueuedRows} rows to wait, found more; ask again in a second`;
      return Promise.reject(new AppError('overloaded', error));
    }
    return new Promise((resolve, reject) => {
      const outputs = new Float32Array(rows * this.#options.outputWidth);
      this.#jobs.push({ inputs, rows, outputs, deadline, done: 0, resolve, reject });
      this.#queuedRows += rows;
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#options.defer(() => {
      this.#isScheduled = false;
      this.#flush();
      if (this.#jobs.length > 0) this.#schedule();
    });
  }

  #flush(): void {
    const shares = this.#take();
    if (shares.length === 0) return;
    const { inputWidth, outputWidth } = this.#options;
    let rows = 0;
    for (const { job, from, rows: count } of shares) {
      this.#room.set(job.inputs.subarray(from * inputWidth, (from + count) * inputWidth), rows * inputWidth);
      rows += count;
    }
    try {
      const answers = this.#options.run(this.#room, rows);
      let at = 0;
      for (const share of shares) {
        this.#finish(share, answers.subarray(at * outputWidth, (at + share.rows) * outputWidth));
        at += share.rows;
      }
    } catch (error) {
      if (shares.length === 1) this.#drop(shares[0]?.job, error);
      // One request's rows must not fail the others': each alone.
      else for (const share of shares) this.#alone(share);
    }
  }

  /** Up to a block of rows, requests in the order they came; what is left of a large one goes behind those that wait. */
  #take(): Share[] {
    const shares: Share[] = [];
    const now = this.#options.now();
    let free = this.#options.blockRows;
    while (free > 0) {
      const job = this.#jobs.shift();
      if (job === undefined) break;
      if (now > job.deadline) {
        const late = 'expected to answer in the time the request allows, found that it waited longer; ask again';
        this.#drop(job, new AppError('deadline-exceeded', late));
        continue;
      }
      const rows = Math.min(free, job.rows - job.done);
      shares.push({ job, from: job.done, rows });
      job.done += rows;
      free -= rows;
      this.#queuedRows -= rows;
      if (job.done < job.rows) this.#jobs.push(job);
    }
    return shares;
  }

  #alone(share: Share): void {
    const { inputWidth } = this.#options;
    const inputs = share.job.inputs.subarray(share.from * inputWidth, (share.from + share.rows) * inputWidth);
    try {
      this.#finish(share, this.#options.run(inputs, share.rows));
    } catch (error) {
      this.#drop(share.job, error);
    }
  }

  #finish({ job, from, rows }: Share, answers: Float32Array): void {
    job.outputs.set(answers, from * this.#options.outputWidth);
    if (from + rows === job.rows) job.resolve(job.outputs);
  }

  #drop(job: Job | undefined, error: unknown): void {
    if (job === undefined) return;
    this.#queuedRows -= job.rows - job.done;
    this.#jobs = this.#jobs.filter((one) => one !== job);
    job.reject(error);
  }
}
