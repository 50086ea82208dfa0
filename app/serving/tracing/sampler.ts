// Which requests get a span that is sent: the standard names, https://opentelemetry.io/docs/languages/sdk-configuration/general/#otel_traces_sampler.
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import type { SamplerName } from '../settings/table.ts';

/** @param ratio 0 to 1, for the samplers that have one. */
export function samplerOf(name: SamplerName, ratio: number): Sampler {
  const root = () => {
    if (name.endsWith('always_on')) return new AlwaysOnSampler();
    return name.endsWith('always_off') ? new AlwaysOffSampler() : new TraceIdRatioBasedSampler(ratio);
  };
  return name.startsWith('parentbased_') ? new ParentBasedSampler({ root: root() }) : root();
}
