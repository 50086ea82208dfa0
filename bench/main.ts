// `npm run bench`: every figure the docs state, measured on this machine. Ratios come from interleaved runs; absolute times are this machine's own.
import { parseArgs } from 'node:util';
import { type Figure, lineOf, verdictOf } from './figure.ts';
import { benchHelp } from './help.ts';
import { benchLedger } from './ledger.ts';
import { benchOverhead } from './overhead.ts';
import { benchPreview } from './preview.ts';
import { benchRehearsal } from './rehearsal.ts';
import { benchRollback } from './rollback.ts';
import { benchServing } from './serving/main.ts';
import { benchStacks } from './stacks.ts';

const benches: Readonly<Record<string, (talk: (line: string) => void) => Promise<readonly Figure[]>>> = {
  help: benchHelp,
  ledger: benchLedger,
  overhead: benchOverhead,
  preview: benchPreview,
  rehearsal: benchRehearsal,
  rollback: benchRollback,
  serving: benchServing,
  stacks: benchStacks,
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } });
const unknown = positionals.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  process.stderr.write(`expected ${Object.keys(benches).join(', ')}; found ${unknown.join(', ')}\n`);
  process.exit(2);
}

const figures: Figure[] = [];
for (const [name, bench] of Object.entries(benches)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  process.stderr.write(`\n${name}\n`);
  figures.push(...(await bench((line) => process.stderr.write(`  ${line}\n`))));
}

const told = figures.map((figure) => ({ ...figure, ...verdictOf(figure) }));
if (values.json) process.stdout.write(`${JSON.stringify({ schema: 'trireme.bench/1', figures: told }, null, 2)}\n`);
else for (const figure of figures) process.stdout.write(`${lineOf(figure)}\n`);
process.exitCode = figures.some((figure) => verdictOf(figure)?.holds === false) ? 1 : 0;
