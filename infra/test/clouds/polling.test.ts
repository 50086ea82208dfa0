import { describe, expect, it } from 'vitest';
import { type Judgement, pollUntilTold, readBaseline, Unanswered } from '../../clouds/polling.ts';

/** Time passes only by sleeping. */
function fakeClock() {
  let now = 0;
  return {
    now: () => now,
    async sleep(milliseconds: number, signal?: AbortSignal) {
      signal?.throwIfAborted();
      now += milliseconds;
    },
  };
}

function judged(outcome: Judgement['outcome'], found: string = outcome): Judgement {
  return { outcome, expected: 'x', found, source: 'here' };
}

async function poll(answers: readonly (Judgement | Error)[], forMilliseconds = 1000, signal?: AbortSignal) {
  let asked = 0;
  const check = await pollUntilTold({
    look: async () => {
      const answer = answers[Math.min(asked++, answers.length - 1)];
      if (answer === undefined || answer instanceof Error) throw answer;
      return answer;
    },
    expected: 'x',
    source: 'here',
    pace: { everyMilliseconds: 10, forMilliseconds },
    clock: fakeClock(),
    signal,
  });
  return { check, asked };
}

describe('asking until it can be told', () => {
  it('waits as long as it may still turn out either way', async () => {
    const { check, asked } = await poll([judged('wait'), judged('wait'), judged('passed')]);
    expect(check).toMatchObject({ name: 'control-plane', outcome: 'passed', seconds: 0.02 });
    expect(asked).toBe(3);
  });

  it('ends at the first failure', async () => {
    expect((await poll([judged('failed', 'rolled back')])).check).toMatchObject({
      outcome: 'failed',
      found: 'rolled back',
    });
  });

  it('could not tell when the time is over', async () => {
    const { check } = await poll([judged('wait', 'PENDING')], 100);
    expect(check).toMatchObject({ outcome: 'errored', found: expect.stringMatching(/^PENDING, after \d+ s$/) });
  });

  it('asks again after a broken connection, as long as there is time', async () => {
    const broken = Array.from({ length: 20 }, () => new Error('ECONNRESET'));
    expect((await poll([...broken, judged('passed')])).check.outcome).toBe('passed');
    expect((await poll([new Error('ECONNRESET')], 100)).check).toMatchObject({
      outcome: 'errored',
      found: expect.stringContaining('no answer: ECONNRESET'),
    });
  });

  it('believes a refusal when it comes several times in a row, not at once', async () => {
    const refused = new Unanswered('403', { passing: false });
    const { check, asked } = await poll([refused]);
    expect(check.outcome).toBe('errored');
    expect(asked).toBe(6);
    expect((await poll([refused, refused, judged('passed')])).check.outcome).toBe('passed');
  });

  it('takes throttling for something that passes', async () => {
    const throttled = Array.from({ length: 10 }, () => new Unanswered('429', { passing: true }));
    expect((await poll([...throttled, judged('passed')])).check.outcome).toBe('passed');
  });

  it('ends at once when it is interrupted', async () => {
    await expect(poll([judged('wait')], 1000, AbortSignal.abort(new Error('Ctrl-C')))).rejects.toThrow('Ctrl-C');
  });
});

describe('reading a baseline', () => {
  it('tries again, then says that the cloud can’t be reached', async () => {
    let asked = 0;
    const flaky = async () => {
      if (++asked < 3) throw new Error('ECONNRESET');
      return 'op';
    };
    expect(await readBaseline('App Runner', fakeClock(), flaky)).toBe('op');
    const never = async () => {
      throw new Error('ECONNRESET');
    };
    await expect(readBaseline('App Runner', fakeClock(), never)).rejects.toMatchObject({ code: 'cloud-unreachable' });
  });
});
