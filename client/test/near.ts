// Expectations of predictions: engines agree within 1e-6, and which one answers depends on the machine and the number of rows.
import { expect } from 'vitest';

export function near(row: Readonly<Record<string, number>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, expect.closeTo(value, 5)]));
}

export function nearAll(values: Iterable<number>): unknown[] {
  return Array.from(values, (value) => expect.closeTo(value, 5));
}
