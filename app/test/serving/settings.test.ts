import { describe, expect, it } from 'vitest';
import { readArguments, readSettings, settingsHelp } from '../../serving/settings.ts';

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
  ])('refuse %s=%s', (variable, value) => {
    expect(() => readSettings({ [variable]: value })).toThrow(
      expect.objectContaining({ code: 'settings-invalid', message: expect.stringContaining(`${variable}: expected`) }),
    );
  });

  it('have all their faults reported together', () => {
    expect(() => readSettings({ PORT: 'x', MAX_ROWS: 'y', LOG_LEVEL: 'z' })).toThrow(/PORT.*LOG_LEVEL.*MAX_ROWS/s);
  });

  it('are all listed by --help', () => {
    expect(settingsHelp()).toMatch(/PORT +8080/);
    expect(readArguments(['--help'])).toEqual({ help: true });
    expect(() => readArguments(['--port=1'])).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
