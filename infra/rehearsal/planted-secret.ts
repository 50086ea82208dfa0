// What the policy pack is for, shown once: a secret in a stack file, refused by a preview before anything is touched.
import { DeliveryError } from '../contract/errors.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import { type Delivery, targetsIn } from '../delivery/delivery.ts';
import { previewAll } from '../delivery/situation.ts';
import type { Stage } from './stage.ts';
import { expectObserved } from './steps.ts';

/** The file is put back as it was. */
export async function assertSecretRefused(
  stage: Stage,
  delivery: Delivery,
  manifest: ReleaseManifest,
  signal: AbortSignal,
): Promise<void> {
  const targets = targetsIn(delivery, 'dev').slice(0, 1);
  const file = `stacks/Pulumi.${targets.map(({ stack }) => stack.name).join()}.yaml`;
  const [none, planted] = ['trireme:env: {}', 'trireme:env: { API_TOKEN: left-here-for-a-moment }'] as const;
  await stage.checkout.edit(file, (text) => text.replace(none, planted));
  const refusal = await previewAll(delivery, manifest, targets, signal).then(
    () => undefined,
    (error: unknown) => error,
  );
  await stage.checkout.edit(file, (text) => text.replace(planted, none));
  const said = refusal instanceof Error ? refusal.message : 'a preview without a word';
  const isRefused = refusal instanceof DeliveryError && refusal.code === 'refused' && said.includes('no-plain-secret');
  expectObserved(isRefused, `API_TOKEN in ${file} to be refused by the rule no-plain-secret`, said);
  delivery.report({ message: said });
}
