// The application's verbs: `train`, `serve`, `ensure`, `model`. Run by `npx trireme`, by `npm start`, and as `node app/cli/main.ts`.
import { parseArgs } from 'node:util';
import { AppError, type AppErrorCode } from '../model/errors.ts';
import { type ModelLabel, modelLabels } from '../model/labels.ts';
import type { Places } from '../training/ensure.ts';
import { usageError } from './usage.ts';

const help = `usage: trireme train [--problem FILE] [--label LABEL] [--seed N] [--store DIR] [--lock FILE] [--json]
         trains the model of the problem file, stores it and locks it for the next release
       trireme serve [--problem FILE] [--store DIR] [--lock FILE]
         serves the locked model here, on PORT (8080); trains it first where the store lacks it;
         its settings come from the environment: trireme serve --help lists them
       trireme ensure [--problem FILE] [--store DIR] [--lock FILE] [--json]
         makes sure that the store holds what the lock names
       trireme model compare --help
         what would change if one model took another's place

  --problem FILE  what to predict, from what (problem.yaml)
  --label LABEL   champion or challenger: which version of its name it is; as the lock has it, else the champion
  --seed N        a whole number in place of the problem file's seed
  --store DIR     where model artifacts are kept (.trireme/models)
  --lock FILE     which models a release bakes (model.lock.json)
  --json          print one JSON document instead of words
`;

/** @returns the exit code: 0 done, 1 failed, 2 the words were wrong, 3 a document or a model that can't be believed. */
export async function main(argv: string[]): Promise<number> {
  try {
    if (argv[0] === 'model') return await (await import('./model.ts')).model(argv.slice(1));
    const words = read(argv);
    if (words.help) {
      process.stdout.write(help);
      if (words.verb === 'serve')
        process.stdout.write(`\n${(await import('../serving/settings/settings.ts')).settingsHelp()}`);
      return 0;
    }
    // Loaded when it is needed: TensorFlow.js for training, Express for serving.
    switch (words.verb) {
      case 'train':
        return await (await import('./train.ts')).train(words);
      case 'serve':
        return await (await import('./serve.ts')).serveLocked(words.places);
      case 'ensure':
        return await (await import('./ensure.ts')).ensure(words);
      default:
        throw new AppError(
          'usage',
          `expected a verb, one of train, serve, ensure, model; found ${words.verb ?? 'none'}`,
        );
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(
      `${error.message}\n${error.code === 'usage' ? `see: trireme ${argv[0] === 'model' ? 'model compare' : 'train'} --help\n` : ''}`,
    );
    return exitCodes[error.code] ?? 1;
  }
}

const exitCodes: Partial<Record<AppErrorCode, number>> = {
  usage: 2,
  'settings-invalid': 2,
  'schema-unknown': 3,
  'document-invalid': 3,
  'artifact-damaged': 3,
  'digest-mismatch': 3,
  'golden-mismatch': 3,
};

export interface Words {
  readonly verb: string | undefined;
  readonly help: boolean;
  readonly json: boolean;
  readonly seed: number | undefined;
  readonly label: ModelLabel | undefined;
  readonly places: Places;
}

/** @throws AppError `usage`. */
function read(argv: string[]): Words {
  const { values, positionals } = parse(argv);
  const [verb, extra] = positionals;
  if (extra !== undefined) throw new AppError('usage', `expected one verb, found \`${extra}\` after \`${verb}\``);
  const { seed } = values;
  if (seed !== undefined && verb !== 'train')
    throw new AppError('usage', 'expected --seed with `train` only: the lock names a digest');
  if (seed !== undefined && !(/^\d{1,10}$/.test(seed) && Number(seed) < 2 ** 31)) {
    throw new AppError('usage', `--seed: expected a whole number from 0 to 2147483647, found \`${seed}\``);
  }
  const label = modelLabels.find((one) => one === values.label);
  if (values.label !== undefined && (label === undefined || verb !== 'train'))
    throw new AppError('usage', `expected --label champion or challenger with \`train\`, found \`${values.label}\``);
  return {
    verb,
    help: values.help,
    json: values.json,
    seed: seed === undefined ? undefined : Number(seed),
    label,
    places: { problemFile: values.problem, store: values.store, lockFile: values.lock },
  };
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        problem: { type: 'string', default: 'problem.yaml' },
        seed: { type: 'string' },
        label: { type: 'string' },
        store: { type: 'string', default: '.trireme/models' },
        lock: { type: 'string', default: 'model.lock.json' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (cause) {
    throw usageError(cause);
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
