// What an approval holds for, as one text: everything a person agreed to, and the bytes that a signed approval signs. Pure.
import { canonicalJson } from '../contract/canonical.ts';
import type { FactOf } from '../contract/fact.ts';

export const bindingSchema = 'trireme.approval/1';

/** Domain of the signature: an SSH signature made for anything else, a commit say, never passes for an approval. */
export const signatureNamespace = 'trireme-approval';

export type BoundApproval = Pick<FactOf<'approval'>, 'environment' | 'release' | 'body'>;

/** RFC 8785 JSON over every field of the approval but the signature itself and where a review can be read. */
export function bindingText({ environment, release, body }: BoundApproval): string {
  const { signature: _signature, url: _url, ...bound } = body;
  return canonicalJson({ schema: bindingSchema, environment, release, ...bound });
}
