import { describe, expect, it } from 'vitest';
import { ask, isLoopback } from '../../clouds/connection.ts';
import { endpointFrom } from '../../clouds/index.ts';
import { Unanswered } from '../../clouds/polling.ts';

function answering(status: number, text = '{}') {
  const seen: { url: string; authorization: string | null }[] = [];
  const fetch = async (url: string | URL | Request, init?: RequestInit) => {
    seen.push({ url: String(url), authorization: new Headers(init?.headers).get('authorization') });
    return new Response(text, { status });
  };
  return { seen, fetch };
}

describe('asking a vendor', () => {
  it('shows a token to the vendor and never to loopback', async () => {
    const { seen, fetch } = answering(200);
    const token = async () => 'secret';
    await ask({ fetch, token }, 'https://run.googleapis.com/v2/x');
    await ask({ fetch, token }, 'http://127.0.0.1:4000/v2/x');
    expect(seen.map((one) => one.authorization)).toEqual(['Bearer secret', null]);
  });

  it.each([
    [403, '{"error":{"message":"no right"}}', false, 'no right'],
    [401, '', false, 'no text'],
    [429, 'slow down', true, 'slow down'],
    [503, '', true, '503'],
  ])('tells a refusal from what passes: %s', async (status, text, passing, words) => {
    const asked = ask({ fetch: answering(status, text).fetch }, 'http://127.0.0.1:1/x');
    await expect(asked).rejects.toSatisfy((error) => error instanceof Unanswered && error.passing === passing);
    await expect(asked).rejects.toThrow(words);
  });

  it('takes 404 for an answer', async () => {
    expect(await ask({ fetch: answering(404, 'none').fetch }, 'http://127.0.0.1:1/x')).toEqual({
      status: 404,
      text: 'none',
    });
  });

  it.each([
    ['http://127.0.0.1:80/x', true],
    ['http://localhost', true],
    ['http://[::1]:8080', true],
    ['https://127.0.0.1.example.com', false],
    ['https://run.googleapis.com', false],
  ])('knows loopback: %s', (url, expected) => expect(isLoopback(url)).toBe(expected));
});

describe('where a control plane answers', () => {
  it('is the vendor’s own address, whatever variable emulated clouds left behind', () => {
    expect(endpointFrom({ AWS_ENDPOINT_URL_APPRUNNER: 'http://127.0.0.1:1' }, 'AWS_ENDPOINT_URL_APPRUNNER')).toEqual(
      {},
    );
  });

  it('is the emulated one while they run, and never silently the real one', () => {
    const variables = { TRIREME_EMULATOR: 'http://127.0.0.1:1', TRIREME_ARM_ENDPOINT: 'http://127.0.0.1:2' };
    expect(endpointFrom(variables, 'TRIREME_ARM_ENDPOINT')).toEqual({ endpoint: 'http://127.0.0.1:2' });
    expect(() => endpointFrom(variables, 'AWS_ENDPOINT_URL_APPRUNNER')).toThrow(/expected AWS_ENDPOINT_URL_APPRUNNER/);
  });
});
