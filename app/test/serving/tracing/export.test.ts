// How long a batch may take to send is said once, and holds for the processor as for the exporter.
import { createServer } from 'node:http';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, expect, it, vi } from 'vitest';
import { createLog } from '../../../serving/log.ts';
import { createProcessor } from '../../../serving/tracing/export.ts';

afterEach(() => {
  vi.useRealTimers();
});

it('waits for a batch as long as it is told to, beyond the 30 s at which the SDK would give up', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const address = silent.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/v1/traces`;
  const asked = new Promise((resolve) => silent.once('request', resolve));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const limits = { delayMs: 5000, timeoutMs: 45_000, queueSize: 5 };
  const processor = createProcessor({ url, ...limits, count: () => {}, log: createLog('error') });
  new TracerProvider({ spanProcessors: [processor] }).getTracer('test').startSpan('one').end();
  let ended = 'waiting';
  const flushed = processor.forceFlush().then(
    () => {
      ended = 'sent';
    },
    (error: unknown) => {
      ended = String(error);
    },
  );
  await asked;
  await vi.advanceTimersByTimeAsync(40_000);
  expect(ended).toBe('waiting');
  await vi.advanceTimersByTimeAsync(10_000);
  await flushed;
  expect(ended).toContain('Timeout');
  silent.closeAllConnections();
  silent.close();
});
