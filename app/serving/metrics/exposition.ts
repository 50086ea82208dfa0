// What is counted as prom-client writes it, beside its own metrics of the process. Loaded when somebody asks: no prediction needs it.
import { type Counter, collectDefaultMetrics, Registry } from 'prom-client';
import type { Family } from './cells.ts';

/** Its metrics of event loop and garbage collection look back to this call. */
export function registryOf(families: readonly Family[]): Registry {
  const registry = new Registry();
  // A sample every 50 ms instead of 10: an idle instance should be idle.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 50 });
  for (const family of families) register(registry, family);
  return registry;
}

function register(registry: Registry, family: Family): void {
  const { name, help, type, aggregator = 'sum' } = family;
  const description = { name, help, type, aggregator };
  const metric = { ...description, reset() {}, get: async () => ({ ...description, values: family.values() }) };
  // prom-client asks a registered metric for `name` and `get()` alone; its type names its own classes.
  registry.registerMetric(metric as unknown as Counter);
}
