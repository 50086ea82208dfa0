import { describe, expect, it } from 'vitest';
import { registryOf } from '../../../serving/metrics/exposition.ts';
import { createMetrics } from '../../../serving/metrics/metrics.ts';

describe('metrics', () => {
  it('are written as prom-client says they are', () => {
    expect(createMetrics().contentType).toBe(registryOf([]).contentType);
  });

  it('have counted what came before anybody asked', async () => {
    const metrics = createMetrics({ inFlight: () => 3 });
    metrics.request('GET', '/version', 200, 0.002);
    metrics.request('BREW', '/version', 405, 20);
    metrics.refusal(undefined, 'model-unknown');
    metrics.shed('event-loop');
    const lines = (await metrics.text()).split('\n');
    for (const line of [
      'http_request_duration_seconds_bucket{le="0.001",method="GET",route="/version",status="200"} 0',
      'http_request_duration_seconds_bucket{le="0.0025",method="GET",route="/version",status="200"} 1',
      'http_request_duration_seconds_bucket{le="+Inf",method="other",route="/version",status="405"} 1',
      'http_request_duration_seconds_sum{method="other",route="/version",status="405"} 20',
      'inference_requests_total{model="none",version="none",outcome="refused",reason="model-unknown"} 1',
      'inference_requests_in_flight 3',
      'requests_shed_total{reason="event-loop"} 1',
      'requests_shed_total{reason="in-flight"} 0',
      '# TYPE build_info gauge',
    ])
      expect(lines).toContain(line);
    expect(lines.join('\n')).toMatch(/^process_resident_memory_bytes \d+/m);
  });

  it('are asked for again without being counted twice', async () => {
    const metrics = createMetrics();
    metrics.shed('in-flight');
    await metrics.text();
    metrics.shed('in-flight');
    expect(await metrics.text()).toContain('requests_shed_total{reason="in-flight"} 2');
  });
});
