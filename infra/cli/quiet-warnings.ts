// Warnings of libraries about what trireme says in its own words.

/** Google's library, wherever it does not run on a machine of Google's and nobody is logged in: `doctor` says so, and how to log in. */
const said: ReadonlySet<string> = new Set(['MetadataLookupWarning']);

/** The others are printed as before. */
export function quietWarnings(): void {
  const printers = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (!said.has(warning.name)) for (const print of printers) print(warning);
  });
}
