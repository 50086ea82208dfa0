// What the candidate's model would answer otherwise than the running one, asked while a promotion is prepared. It informs; it never stops one.
import type { Fact } from '../contract/fact.ts';
import { previewHash } from '../contract/preview.ts';
import type { ReleaseManifest } from '../contract/release.ts';
import type { Delivery, DeliveryOptions } from './delivery.ts';
import type { Promotion } from './promotion-state.ts';
import { findRelease } from './stack-state.ts';

type PreviewFields = Pick<Promotion['body'], 'preview' | 'previewDocument' | 'noPreview'>;

/** The release that most stacks run, the first of them where several are as frequent; `undefined` where nothing runs. */
export function mostlyRunning(previous: Readonly<Record<string, string | null>>): string | undefined {
  const running = Object.values(previous).filter((release) => release !== null);
  const times = (wanted: string) => running.filter((release) => release === wanted).length;
  return running.reduce<string | undefined>(
    (most, release) => (most === undefined || times(release) > times(most) ? release : most),
    undefined,
  );
}

/** @returns the fields of a prepared promotion: the document with its hash, or why there is none. Without a previewer, none of them. */
export async function previewPredictions(
  delivery: Delivery,
  facts: readonly Fact[],
  previous: Readonly<Record<string, string | null>>,
  candidate: ReleaseManifest,
  { signal }: Pick<DeliveryOptions, 'signal'>,
): Promise<PreviewFields> {
  const { previewer, report } = delivery;
  if (previewer === undefined) return {};
  const running = mostlyRunning(previous);
  if (running === undefined) return { noPreview: 'nothing runs there yet' };
  report({ message: `comparing the predictions with those of ${running}` });
  const options = { report, ...(signal === undefined ? {} : { signal }) };
  const found = await previewer.compare(findRelease(facts, running), candidate, options);
  if ('none' in found) return { noPreview: found.none };
  return { preview: previewHash(found.preview), previewDocument: found.preview };
}
