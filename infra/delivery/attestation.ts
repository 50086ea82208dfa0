// Whether what is attested to a release's image lets it go on: wrong is always refused, missing where the policy wants it there.
import { DeliveryError } from '../contract/errors.ts';
import { type ReleaseManifest, releaseIdOf } from '../contract/release.ts';
import type { Check } from '../contract/verification.ts';
import type { Delivery } from './delivery.ts';
import type { Policy } from './policy.ts';

/** What was found; `undefined` where nobody here can look. */
export type AttestationChecks = readonly Check[] | undefined;
type Level = Policy['supplyChain']['attestations'];

/** Pure. Reasons against entering prod; empty when it may. */
export function attestationReasons(level: Level, checks: AttestationChecks): readonly string[] {
  const wrong = (checks ?? []).filter(({ outcome }) => outcome === 'failed').map((check) => `${inWords(check)}`);
  return level === 'required' ? [...wrong, ...missing(checks)] : wrong;
}

/** Pure. What people must be told although it stops nothing. */
export function attestationRemarks(level: Level, checks: AttestationChecks): readonly string[] {
  return level === 'required' ? [] : missing(checks).map((one) => `NOT ATTESTED: ${one}`);
}

/**
 * Before every deployment, whatever road leads there. Wrong is refused; what is missing is said and does not stop: a rollback while GitHub
 * does not answer must go on, and entering prod was refused before where the policy wants it there.
 * @throws DeliveryError `refused`.
 */
export async function assertNotMisattested(
  { attestations, report }: Pick<Delivery, 'attestations' | 'report'>,
  manifest: ReleaseManifest,
): Promise<void> {
  const checks = await attestations?.verify(manifest);
  const wrong = attestationReasons('where-possible', checks);
  for (const message of checks === undefined ? [] : attestationRemarks('where-possible', checks)) report({ message });
  if (wrong.length === 0) return;
  throw new DeliveryError('refused', `${releaseIdOf(manifest)} is not what it was built as: ${wrong.join('; ')}`, {
    hint: `look at what is attested: npx trireme audit ${releaseIdOf(manifest)}; then make a new release`,
  });
}

function missing(checks: AttestationChecks): readonly string[] {
  if (checks === undefined) return ['nobody here can look at what is attested'];
  return checks.filter(({ outcome }) => outcome === 'errored').map(inWords);
}

function inWords({ name, expected, found }: Check): string {
  return `${name}: expected to be ${expected}; found ${found}`;
}
