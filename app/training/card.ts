// `card.md`: what a person should know before relying on the model.
import type { Model, ModelInput } from '../model/schema.ts';
import type { Problem } from './problem.ts';

export function cardOf(model: Model, problem: Problem, fileName: string): string {
  const answers =
    model.task === 'classification'
      ? `one of ${model.classes.length} classes: ${model.classes.map(({ label }) => `\`${label}\``).join(', ')}`
      : 'a number';
  const estimates = Object.entries(model.metrics.estimates).map(
    ([name, { value, low, high, method }]) =>
      `| ${name} | ${shown(value)} | ${shown(low)} to ${shown(high)} | ${method} |`,
  );
  const settings = model.settings.map(({ name, why }) => `- \`${name}\`: ${why}`);
  const { layers, epochs, batchSize, learningRate } = problem.network;
  return [
    `# Model card: ${model.name}`,
    '',
    `Predicts \`${problem.label}\`, ${answers}. Trained on \`${fileName}\` (${model.data.rows} rows, \`${model.data.digest}\`).`,
    '',
    '## How good',
    '',
    `On ${model.metrics.heldOutRows} rows it was not trained on; it had to reach ${problem.acceptance.metric} ${problem.acceptance.atLeast}.`,
    '',
    '| metric | value | 95 % interval | method |',
    '|---|---|---|---|',
    ...estimates,
    '',
    '## What it takes',
    '',
    '| input | kind | unit | seen in training | when missing |',
    '|---|---|---|---|---|',
    ...model.inputs.map(inputRow),
    '',
    '## Limits',
    '',
    'It knows only data like the data it was trained on; outside the ranges above its confidence means little. The interval counts chance in the held-out rows, not a world that changed.',
    '',
    '## What it needs when it serves',
    '',
    ...(settings.length > 0 ? settings : ['Nothing beside the platform.']),
    '',
    '## How to make it again',
    '',
    `Seed ${problem.seed}, hidden layers ${layers.join(', ') || 'none'}, ${epochs} epochs, batches of ${batchSize}, learning rate ${learningRate}, ${shown(problem.heldOut)} of the rows held out. The same data and the same problem file make the same digest.`,
    '',
  ].join('\n');
}

function inputRow(input: ModelInput): string {
  const seen = input.kind === 'numeric' ? input.range.map(shown).join(' to ') : input.categories.join(', ');
  const missing = input.missing === 'refuse' ? 'refused' : `taken as ${shown(input.replacement ?? '')}`;
  return `| ${input.name} | ${input.kind} | ${input.unit ?? ''} | ${seen} | ${missing} |`;
}

function shown(value: number | string): string {
  return typeof value === 'string' ? value : String(Number(value.toPrecision(4)));
}
