// A promotion that the world overtook between the click and the start is prepared once more, so that somebody can look at what is true now.
import { DeliveryError } from '../contract/errors.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import type { Fault } from './approval.ts';
import type { Delivery, DeliveryOptions } from './delivery.ts';
import { preparePromotion } from './prepare.ts';
import type { Promotion } from './promotion-state.ts';

/**
 * @param faults why it was refused; one that preparing again would meet again (a hold, a freeze, an author) and nothing is prepared.
 * @returns what to add to the refusal; `undefined` where a person has to prepare it.
 * @throws DeliveryError `interrupted`, and bugs; whatever else goes wrong only means that nothing was prepared.
 */
export async function prepareAnew(
  delivery: Delivery,
  { environment, release, body }: Promotion,
  manifest: ReleaseManifest,
  options: DeliveryOptions,
  faults: readonly Fault[],
): Promise<{ readonly said: string; readonly hint: string } | undefined> {
  // One leg of several may reach its own cloud only, and its siblings are about to meet the same.
  const isLeg = options.stacks !== undefined && Object.keys(body.plans).length > options.stacks.length;
  if (isLeg || faults.some(({ again }) => !again)) return undefined;
  const { override, replace, requestedBy } = body;
  try {
    const { signal } = options;
    const { promotion } = await preparePromotion(delivery, manifest, environment, {
      override,
      replace,
      requestedBy,
      signal,
    });
    const id = promotion.body.promotion;
    return {
      said: `; ${id} was prepared in its place`,
      hint: `look at what changed (npx trireme history --release ${release}), approve it: npx trireme approve ${id}; then: npx trireme promote --promotion ${id}`,
    };
  } catch (error) {
    if (!(error instanceof DeliveryError) || error.code === 'interrupted') throw error;
    return { said: `; it could not be prepared anew: ${error.message}`, hint: error.hint ?? 'npx trireme status' };
  }
}
