// How long, and by what rule, the rehearsal watches the requests of its own clients after a promotion: shorter than people would.
import { type Document, parseDocument } from 'yaml';
import type { Checkout } from './checkout.ts';

/** Real seconds for each promotion: some 75 requests to each endpoint. */
export const watchedSeconds = 3;
/** Real seconds for which a candidate has its share of the traffic, where its platform can give it one. */
export const sharedSeconds = 1.5;

/**
 * Changes the policy of the rehearsal's own checkout. Three seconds on a laptop that starts services meanwhile are no measure of latency,
 * and a handful of requests is more than a hundredth of them, so only what is badly wrong counts; that no request is lost is counted by the clients.
 */
export async function watchBriefly(checkout: Pick<Checkout, 'edit'>, timeScale: number): Promise<void> {
  await checkout.edit('policy.yaml', (text) => {
    const policy = parseDocument(text);
    policy.set('watch', {
      seconds: watchedSeconds * timeScale,
      minRequests: 20,
      maxErrorPercent: 20,
      maxLatencyRatio: 50,
    });
    return withBriefShare(policy, timeScale);
  });
}

/** For a checkout whose promotions nobody's requests need to judge. */
export async function shareBriefly(checkout: Pick<Checkout, 'edit'>, timeScale: number): Promise<void> {
  await checkout.edit('policy.yaml', (text) => withBriefShare(parseDocument(text), timeScale));
}

function withBriefShare(policy: Document, timeScale: number): string {
  policy.setIn(['promotions', 'share', 'minutes'], (sharedSeconds * timeScale) / 60);
  return String(policy);
}
