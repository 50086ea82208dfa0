// What the release page is made of, gathered from this machine: the ledger, the stack files, the policy, the models that are at hand.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Fact } from '../contract/fact.ts';
import type { Target } from '../delivery/delivery.ts';
import { releases } from '../ledger/view.ts';
import type { ModelFigure, PageInput } from '../page/book.ts';
import type { CliEnvironment } from './environment.ts';
import type { Office } from './wiring.ts';

/** @param deployed by stack, the release its own outputs name; empty when they were not read. */
export async function pageInput(
  environment: CliEnvironment,
  { ledger, clock, policy }: Office,
  stacks: readonly Target[],
  facts: readonly Fact[],
  deployed: PageInput['deployed'] = {},
): Promise<PageInput> {
  const models = await modelFigures(environment, facts);
  return { facts, stacks, policy, deployed, nowMs: clock.now(), ledger: ledger.location, models };
}

const modelDocument = z.looseObject({
  metrics: z.looseObject({
    estimates: z.record(z.string(), z.looseObject({ value: z.number(), low: z.number(), high: z.number() })),
  }),
});

/** Of models that this machine's store holds; on another machine the page says the digest alone. */
async function modelFigures(
  { stateDirectory }: Pick<CliEnvironment, 'stateDirectory'>,
  facts: readonly Fact[],
): Promise<ReadonlyMap<string, readonly ModelFigure[]>> {
  const digests = new Set(releases(facts).flatMap(({ body }) => body.manifest.models.map(({ digest }) => digest)));
  const found = new Map<string, readonly ModelFigure[]>();
  for (const digest of digests) {
    const file = join(stateDirectory, 'models', digest.replace('sha256:', ''), 'model.json');
    const text = await readFile(file, 'utf8').catch(() => undefined);
    const parsed = text === undefined ? undefined : modelDocument.safeParse(parsedJson(text));
    if (parsed?.success !== true) continue;
    found.set(
      digest,
      Object.entries(parsed.data.metrics.estimates).map(([name, { value, low, high }]) => ({ name, value, low, high })),
    );
  }
  return found;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
