import { describe, expect, it } from 'vitest';
import { scaledProbe } from '../../../emulator/runtimes/probe.ts';
import { container } from './fixture.ts';

const probe = { ...container('a').probe, initialDelaySeconds: 4, periodSeconds: 10, limitSeconds: 230 };

describe('the start probe under a time scale', () => {
  it.each([
    [1, { initialDelaySeconds: 4, periodSeconds: 10, limitSeconds: 230 }],
    [10, { initialDelaySeconds: 0.4, periodSeconds: 1, limitSeconds: 23 }],
    // The limit stops shrinking where a process would not have started yet, the period where probing would be work.
    [200, { initialDelaySeconds: 0.02, periodSeconds: 0.1, limitSeconds: 8 }],
  ])('waits %d times less, within what a process needs', (timeScale, expected) => {
    const scaled = scaledProbe(probe, { timeScale, shortestStartSeconds: 8 });
    expect(scaled).toMatchObject(expected);
    expect(scaled.timeoutSeconds).toBe(probe.timeoutSeconds);
  });

  it('never gives more time than the service asked for', () => {
    const short = { ...probe, limitSeconds: 5, periodSeconds: 0.05 };
    expect(scaledProbe(short, { timeScale: 50, shortestStartSeconds: 8 })).toMatchObject({
      limitSeconds: 5,
      periodSeconds: 0.05,
    });
  });
});
