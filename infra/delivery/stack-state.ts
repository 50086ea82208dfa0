// What the ledger says a stack runs: pure readings of its deployment facts.
import { DeliveryError } from '../contract/errors.ts';
import type { Fact, FactOf } from '../contract/fact.ts';
import { parseReleaseManifest, type ReleaseManifest } from '../contract/release.ts';
import { nearest, type StackName } from '../contract/stack.ts';

/** The newest deployment fact of a stack. */
export function lastDeployment(facts: readonly Fact[], stack: StackName): FactOf<'deployment'> | undefined {
  return deploymentsOf(facts, stack).at(-1);
}

export function deploymentsOf(facts: readonly Fact[], stack: StackName): readonly FactOf<'deployment'>[] {
  return facts.filter((fact): fact is FactOf<'deployment'> => fact.kind === 'deployment' && fact.stack === stack);
}

/** The release last proven live on a stack: put there and healthy, or gone back to. `undefined` when nothing ever was. */
export function lastProven(facts: readonly Fact[], stack: StackName): string | undefined {
  for (const fact of deploymentsOf(facts, stack).toReversed()) {
    if (fact.body.state === 'healthy') return fact.release;
    if (fact.body.state === 'reverted' && fact.body.replaced !== null) return fact.body.replaced;
  }
  return undefined;
}

/** What a stack is known to run; `undefined` when nothing was ever deployed, a deployment is under way, was lost, or ended badly. */
export function runsNow(facts: readonly Fact[], stack: StackName): string | undefined {
  const last = lastDeployment(facts, stack);
  if (last?.body.state === 'healthy') return last.release;
  if (last?.body.state === 'reverted') return last.body.replaced ?? undefined;
  return last?.body.state === 'skipped' ? lastProven(facts, stack) : undefined;
}

/**
 * What a failed deployment goes back to. `deployed` is what the stack's own outputs name: it wins (a plain `pulumi up` may have put it
 * there) unless the ledger knows that this very release ended badly on this stack; then the last one proven there does.
 */
export function replacedBy(facts: readonly Fact[], stack: StackName, deployed: string | undefined): string | null {
  if (deployed === undefined) return null;
  const known = facts.some((fact) => fact.kind === 'release' && fact.release === deployed);
  const last = deploymentsOf(facts, stack).findLast((fact) => fact.release === deployed);
  const endedWell = last === undefined || last.body.state === 'healthy' || runsNow(facts, stack) === deployed;
  return known && endedWell ? deployed : (lastProven(facts, stack) ?? null);
}

/** Did this stack prove that release: newest verification passed, and it was live and healthy there at some time? */
export function provenOn(facts: readonly Fact[], stack: StackName, release: string): boolean {
  const verified = facts.findLast(
    (fact) => fact.kind === 'verification' && fact.stack === stack && fact.release === release,
  );
  return (
    verified?.kind === 'verification' &&
    verified.body.outcome === 'passed' &&
    deploymentsOf(facts, stack).some((fact) => fact.release === release && fact.body.state === 'healthy')
  );
}

export function releasesIn(facts: readonly Fact[]): readonly ReleaseManifest[] {
  return facts.flatMap((fact) => (fact.kind === 'release' ? [fact.body.manifest] : []));
}

/**
 * The manifest a person means by an id, a sequence number or `latest`.
 * @throws DeliveryError `unknown-release`, with the nearest id; `digest-mismatch` when the ledger's copy was edited.
 */
export function findRelease(facts: readonly Fact[], wanted: string): ReleaseManifest {
  const releases = facts.filter((fact): fact is FactOf<'release'> => fact.kind === 'release');
  const found =
    wanted === 'latest'
      ? releases.at(-1)
      : releases.find((fact) => fact.release === wanted || String(fact.body.manifest.sequence) === wanted);
  if (found === undefined) {
    const ids = releases.map((fact) => fact.release);
    const near = nearest(wanted, ids);
    throw new DeliveryError(
      'unknown-release',
      ids.length === 0
        ? `expected release \`${wanted}\`; found a ledger without releases`
        : `expected a release, one of ${ids.slice(-5).join(', ')}; found \`${wanted}\``,
      { hint: ids.length === 0 ? 'npx trireme release' : near === undefined ? 'npx trireme history --kind release' : `did you mean \`${near}\`?` },
    );
  }
  return parseReleaseManifest(found.body.manifest, found.release);
}
