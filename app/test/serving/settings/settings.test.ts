import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readArguments, readSettings, settingRows, settingsHelp } from '../../../serving/settings/settings.ts';
import { root } from '../../wine.ts';

describe('settings', () => {
  it('have defaults that suit every runtime', () => {
    expect(readSettings({})).toMatchObject({
      host: '0.0.0.0',
      port: 8080,
      modelsDir: 'models',
      releaseId: null,
      drainGraceSeconds: 2,
    });
  });

  it('take what the environment says; an empty variable is an absent one', () => {
    const settings = readSettings({
      PORT: '0',
      RELEASE_ID: 'rel-1-abc',
      DRAIN_GRACE_SECONDS: '0.5',
      LOG_LEVEL: '',
      TOKEN: 'x',
      OTHER: '',
    });
    expect(settings).toMatchObject({ port: 0, releaseId: 'rel-1-abc', drainGraceSeconds: 0.5, logLevel: 'info' });
    expect([settings.present.has('TOKEN'), settings.present.has('OTHER')]).toEqual([true, false]);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', '80.5'],
    ['PORT', '-1'],
    ['PORT', '0x50'],
    ['LOG_LEVEL', 'loud'],
    ['DRAIN_GRACE_SECONDS', '7'],
    ['DRAIN_GRACE_SECONDS', '2s'],
    ['BODY_LIMIT_BYTES', '1e6'],
    ['MAX_ROWS', '0'],
    ['REQUEST_TIMEOUT_SECONDS', 'never'],
    ['KEEP_ALIVE_SECONDS', '0'],
    ['WORKERS', '0'],
    ['WORKERS', 'many'],
    ['REQUEST_LOG', 'yes'],
    ['REQUEST_LOG', 'constructor'],
    ['TRUST_PROXY', 'true'],
    ['CORS_ORIGINS', 'https://a.example/path'],
    ['CORS_ORIGINS', 'a.example'],
    ['API_KEYS', 'secret'],
    ['API_KEYS', `Shop:${'0'.repeat(64)}`],
    ['ADMIN_KEYS', `shop:${'0'.repeat(63)}`],
    ['RATE_LIMIT_PER_MINUTE', '-1'],
    ['MAX_EVENT_LOOP_DELAY_MS', '1.5'],
  ])('refuse %s=%s', (variable, value) => {
    expect(() => readSettings({ [variable]: value })).toThrow(
      expect.objectContaining({ code: 'settings-invalid', message: expect.stringContaining(`${variable}: expected`) }),
    );
  });

  it('have all their faults reported together', () => {
    expect(() => readSettings({ PORT: 'x', MAX_ROWS: 'y', LOG_LEVEL: 'z' })).toThrow(/PORT.*LOG_LEVEL.*MAX_ROWS/s);
  });

  it.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'me:hunter2@collector:4318', { otlpEndpoint: null }],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ftp://me:hunter2@collector', { otlpTracesEndpoint: null }],
    ['OTEL_TRACES_SAMPLER', 'xray', { tracesSampler: 'parentbased_always_on' }],
    ['OTEL_TRACES_SAMPLER', 'constructor', { tracesSampler: 'parentbased_always_on' }],
    ['OTEL_TRACES_SAMPLER_ARG', 'endpoint=localhost:2000', { tracesSamplerRatio: 1 }],
    ['OTEL_SDK_DISABLED', 'yes', { otelDisabled: false }],
    ['OTEL_BSP_MAX_QUEUE_SIZE', '200000', { spanQueueSize: 2048 }],
    ['OTEL_BSP_SCHEDULE_DELAY', 'soon', { spanDelayMs: 5000 }],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', { spanTimeoutMs: 10_000 }],
  ])('ignore %s=%s, which others may understand, and say so', (variable, value, expected) => {
    const settings = readSettings({ [variable]: value });
    expect(settings).toMatchObject({ ...expected, ignored: [expect.stringContaining(`${variable}: expected`)] });
    expect(settings.ignored.join()).not.toContain('hunter2');
  });

  it.each([
    ['OTEL_SDK_DISABLED', 'TRUE', { otelDisabled: true }],
    ['OTEL_SDK_DISABLED', 'False', { otelDisabled: false }],
    ['OTEL_TRACES_SAMPLER', 'Always_Off', { tracesSampler: 'always_off' }],
  ])('take %s=%s in capitals too', (variable, value, expected) => {
    expect(readSettings({ [variable]: value })).toMatchObject({ ...expected, ignored: [] });
  });

  it('never show a key in a fault', () => {
    expect(() => readSettings({ API_KEYS: 'hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  it('take lists', () => {
    const digest = '0'.repeat(64);
    const { apiKeys, corsOrigins, workers } = readSettings({
      API_KEYS: `shop:${digest}, shop:${'f'.repeat(64)}`,
      CORS_ORIGINS: 'https://a.example,http://localhost:3000',
      WORKERS: 'auto',
    });
    expect(apiKeys.map(({ name }) => name)).toEqual(['shop', 'shop']);
    expect(corsOrigins).toEqual(['https://a.example', 'http://localhost:3000']);
    expect(workers).toBe('auto');
    expect(readSettings({})).toMatchObject({ apiKeys: [], adminKeys: [], corsOrigins: [], workers: 1 });
  });

  it('are the table of docs/serving-settings.md, word for word', async () => {
    const page = await readFile(path.join(root, 'docs/serving-settings.md'), 'utf8');
    const rows = settingRows().map(
      ({ variable, fallback, kind, range, about }) =>
        `| \`${variable}\` | ${fallback} | ${kind}: ${range} | ${about} |`,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect([...page.matchAll(/^\| `[A-Z_]+` \|.*$/gm)].map(([line]) => line)).toEqual(rows);
  });

  it('are all listed by --help', () => {
    expect(settingsHelp()).toMatch(/PORT +8080/);
    expect(readArguments(['--help'])).toEqual({ help: true });
    expect(() => readArguments(['--port=1'])).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
