// `trireme model compare`: what would change if one model took another's place. The promotion runs it as a process of its own.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compareModels } from '../comparison/compare.ts';
import { previewText } from '../comparison/text.ts';
import { AppError } from '../model/errors.ts';
import { type Problem, readProblem } from '../training/problem.ts';
import { usageError } from './usage.ts';

const help = `usage: trireme model compare --running DIR --candidate DIR [--data FILE | --records FILE] [--problem FILE] [--limit N] [--json]
         puts the same rows through two models and says which answers differ

  --running DIR    the model artifact that answers now
  --candidate DIR  the one that would take its place
  --data FILE      a CSV file with a header (the problem file's data); rows that the candidate was trained on are left out
  --records FILE   recorded requests, a JSON object of named fields on each line
  --problem FILE   data, slices and cost matrix are read there (problem.yaml)
  --limit N        at most that many rows
  --json           print one JSON document instead of a table
`;

/** @returns 0 however much differs: that is for a person to judge. @throws AppError. */
export async function model(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  if (values.help === true) {
    process.stdout.write(help);
    return 0;
  }
  const [verb, extra] = positionals;
  if (verb !== 'compare')
    throw new AppError('usage', `expected one of compare; found ${verb === undefined ? 'none' : `\`${verb}\``}`);
  if (extra !== undefined) throw new AppError('usage', `expected options only, found \`${extra}\``);
  const { running, candidate, data, records, limit, json } = values;
  if (running === undefined || candidate === undefined) {
    throw new AppError(
      'usage',
      'expected --running DIR and --candidate DIR (two folders of model artifacts); found none',
    );
  }
  if (data !== undefined && records !== undefined)
    throw new AppError('usage', 'expected --data or --records, found both');
  if (limit !== undefined && !/^[1-9]\d{0,8}$/.test(limit)) {
    throw new AppError('usage', `--limit: expected a whole number from 1 to 999999999, found \`${limit}\``);
  }
  const problem = await problemOf(values.problem, (data ?? records) !== undefined);
  const preview = await compareModels({
    running,
    candidate,
    rows:
      records === undefined ? { kind: 'csv', file: data ?? problem?.data ?? '' } : { kind: 'records', file: records },
    slices: problem?.slices ?? [],
    cost: Object.keys(problem?.cost ?? {}).length === 0 ? undefined : problem?.cost,
    limit: limit === undefined ? undefined : Number(limit),
  });
  process.stdout.write(json === true ? `${JSON.stringify(preview)}\n` : `${previewText(preview)}\n`);
  return 0;
}

/** Where rows are given, a folder without a problem file will do: then nothing is sliced and nothing costs. */
async function problemOf(file: string | undefined, hasRows: boolean): Promise<Problem | undefined> {
  if (file === undefined && hasRows && !existsSync('problem.yaml')) return undefined;
  return readProblem(file ?? 'problem.yaml');
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        running: { type: 'string' },
        candidate: { type: 'string' },
        data: { type: 'string' },
        records: { type: 'string' },
        problem: { type: 'string' },
        limit: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw usageError(cause);
  }
}
