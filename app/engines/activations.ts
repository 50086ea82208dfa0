// What a layer does with its sums, in place: one loop each, shared by the engines that compute here.
import type { Activation } from './layers-network.ts';

/** @param from the first number of a row. @param to behind its last. */
export type Activate = (values: Float32Array, from: number, to: number) => void;

/** The loops never leave the array, which the compiler can't see. */
export function at(values: Float32Array | Float64Array, index: number): number {
  return values[index] as number;
}

export const activationOf: Readonly<Record<Activation, Activate>> = {
  linear() {},
  relu(values, from, to) {
    for (let index = from; index < to; index++) {
      const value = at(values, index);
      // What is no number stays so: it must not become a confident zero.
      if (value <= 0) values[index] = 0;
    }
  },
  sigmoid(values, from, to) {
    for (let index = from; index < to; index++) values[index] = 1 / (1 + Math.exp(-at(values, index)));
  },
  tanh(values, from, to) {
    for (let index = from; index < to; index++) values[index] = Math.tanh(at(values, index));
  },
  softmax(values, from, to) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let index = from; index < to; index++) {
      const value = at(values, index);
      if (value > largest) largest = value;
    }
    let sum = 0;
    for (let index = from; index < to; index++) {
      values[index] = Math.exp(Math.fround(at(values, index) - largest));
      sum += at(values, index);
    }
    const total = Math.fround(sum);
    for (let index = from; index < to; index++) values[index] = at(values, index) / total;
  },
};
