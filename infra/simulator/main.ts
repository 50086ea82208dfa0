// `npm run simulate`: many schedules, one schedule replayed, or every planted bug hunted down.
import { parseArgs } from 'node:util';
import { runMany } from './many.ts';
import { minimise } from './minimise.ts';
import { hunt } from './mutant.ts';
import { mutants } from './mutants.ts';
import { runSchedule } from './run.ts';
import { scheduleOf } from './schedule.ts';

const usage = `usage: npm run simulate -- [--schedules N] [--seed S] [--workers W]
       npm run simulate -- --seed S --trace        one schedule, made as small as it goes, call by call
       npm run simulate -- --mutants [--schedules N] [--only NAME]`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      schedules: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      workers: { type: 'string', default: '2' },
      trace: { type: 'boolean', default: false },
      whole: { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string' },
    },
  });
  const [schedules, seed, workers] = [values.schedules, values.seed, values.workers].map(Number);
  if (!isCount(schedules) || !isCount(seed) || !isCount(workers)) {
    console.error(usage);
    return 2;
  }
  if (values.trace) return replay(seed, values.whole);
  if (values.mutants) return huntAll(seed, schedules, workers, values.only);
  return many(seed, schedules, workers);
}

function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isSafeInteger(value) && value > 0;
}

async function many(seed: number, schedules: number, workers: number): Promise<number> {
  const started = performance.now();
  let shown = 0;
  const tally = await runMany({
    from: seed,
    count: schedules,
    workers,
    enough: 20,
    progress: (done) => {
      if (done - shown < 10_000) return;
      shown = done;
      console.log(`${done} schedules`);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${tally.schedules} schedules (${tally.events} events) from seed ${seed} in ${seconds.toFixed(1)} s: ${(tally.schedules / seconds).toFixed(0)} per second`,
  );
  for (const { seed: failed, violations } of tally.failures) {
    console.log(`seed ${failed}: ${violations.map(({ invariant, what }) => `[${invariant}] ${what}`).join('\n  ')}`);
  }
  const [first] = tally.failures;
  if (first === undefined) return 0;
  console.log(`replay one: npm run simulate -- --seed ${first.seed} --trace`);
  return 1;
}

/** @param whole as the seed says; without it, whatever it breaks without is left out. */
async function replay(seed: number, whole: boolean): Promise<number> {
  const full = await runSchedule(seed);
  const [broken] = full.violations;
  const smaller = broken === undefined || whole ? undefined : await minimise(seed, broken.invariant);
  const { stories } = scheduleOf(seed);
  for (const [index, { startMs, story }] of stories.entries()) {
    const left = smaller?.without.has(index) === true ? ' (left out)' : '';
    console.log(`s${index} at ${(startMs / 1000).toFixed(0)} s: ${JSON.stringify(story)}${left}`);
  }
  const result = await runSchedule(seed, { ...smaller, trace: (line) => console.log(line) });
  console.log(`faults: ${result.struck.join(', ') || 'none'}`);
  for (const { invariant, what } of result.violations) console.log(`[${invariant}] ${what}`);
  return result.violations.length === 0 ? 0 : 1;
}

async function huntAll(seed: number, schedules: number, workers: number, only?: string): Promise<number> {
  const chosen = mutants.filter(({ name }) => only === undefined || name === only);
  let missed = 0;
  for (const mutant of chosen) {
    const { found, schedules: ran } = await hunt(mutant, { from: seed, count: schedules, workers });
    if (found === undefined) missed++;
    const seen = found?.violations.find(({ invariant }) => invariant === mutant.breaks);
    console.log(
      found === undefined
        ? `NOT FOUND in ${ran} schedules: ${mutant.name}`
        : `found by seed ${found.seed}: ${mutant.name}: [${seen?.invariant}] ${seen?.what}`,
    );
  }
  console.log(`${chosen.length - missed} of ${chosen.length} planted bugs found`);
  return missed === 0 && chosen.length > 0 ? 0 : 1;
}

process.exitCode = await main();
