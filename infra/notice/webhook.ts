// Sends notices to a webhook. The address is a secret: it is never printed, and a notice that can't be sent never stops a delivery.
import type { Notifier } from '../contract/ports.ts';
import { type Notice, noticesOf, payload } from './message.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** One line for the person watching. */
  readonly talk: (line: string) => void;
  readonly run?: string | undefined;
  /** Milliseconds for one message. */
  readonly limitMs?: number;
}

const defaultLimitMs = 5_000;

export function webhookNotifier(options: WebhookOptions): Notifier {
  const send = noticeSender(options);
  return {
    async heard(added, facts) {
      await Promise.all(noticesOf({ added, facts, run: options.run }).map(send));
    },
  };
}

/** Never throws: what it could not send it says. */
export function noticeSender({ url, fetch, talk, limitMs = defaultLimitMs }: Omit<WebhookOptions, 'run'>) {
  return async (notice: Notice): Promise<void> => {
    const body = JSON.stringify(payload(notice));
    try {
      const headers = { 'content-type': 'application/json' };
      const signal = AbortSignal.timeout(limitMs);
      const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'error' });
      await response.body?.cancel();
      if (!response.ok) talk(`the notice was not sent: the webhook answered ${response.status}`);
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      talk(
        `the notice was not sent: the webhook ${late ? `gave no answer in ${limitMs / 1000} s` : 'could not be reached'}`,
      );
    }
  };
}
