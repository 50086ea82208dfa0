// A release's place in time, read from its name alone.

/** The sequence number in `rel-<sequence>-<hash>`; 0 for a name that is no release's. */
export function sequenceOf(release: string): number {
  return Number(/^rel-(\d+)-/.exec(release)?.[1] ?? 0);
}
