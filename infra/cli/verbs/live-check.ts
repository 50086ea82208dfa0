// `trireme live-check <cloud>`: a throw-away service on a real account, to learn what only an account can show; leaves nothing behind.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { within } from '../../clouds/account.ts';
import { accountWords, cloudAccounts } from '../../clouds/accounts.ts';
import { systemClock } from '../../contract/clock.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { copyFor, releaseIdOf } from '../../contract/release.ts';
import type { RuntimeName } from '../../contract/service.ts';
import { runtimes } from '../../contract/service.ts';
import { type Cloud, clouds, foundationOf, nearest } from '../../contract/stack.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { ask } from '../ask.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { publishBroken } from '../live-check/broken-image.ts';
import { destroyAll, runLiveCheck, throwawayStack } from '../live-check/check.ts';
import { configFor, newSuffix, openEngine } from '../live-check/open.ts';
import { questionsOf } from '../live-check/questions.ts';
import { redaction, secretsIn } from '../live-check/redaction.ts';
import { Transcript, writtenOut } from '../live-check/transcript.ts';
import { listenToHttp } from '../live-check/wire.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options {
  readonly runtime?: string;
  readonly release: string;
  readonly transcript?: string;
  readonly destroy?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export const liveCheck: Verb = (cli) =>
  verb('live-check', 'Deploys, breaks and destroys a throw-away service, and answers what only an account can show')
    .argument('<cloud>', 'aws, gcp or azure')
    .option('--runtime <runtime>', `one of ${runtimes.join(', ')}; otherwise that of the dev stack file`)
    .option('--release <release>', 'id, sequence number or `latest`', 'latest')
    .option('--transcript <file>', 'where the redacted transcript goes; otherwise into .trireme')
    .option('--destroy <suffix>', 'only takes away what an earlier check could not')
    .option('--yes', 'do not ask')
    .action(async (word: string, options: Options) => {
      const cloud = cloudOf(word);
      const config = await configFor(cli.environment.checkout, cloud, runtimeOf(options.runtime));
      const stack = throwawayStack(cloud, options.destroy ?? newSuffix());
      await requireLogin(cli, cloud);
      const { report } = cli.output;
      const engine = await openEngine(cli.environment, { stack, config, report });
      const transcript = new Transcript(systemClock.now);
      if (options.destroy !== undefined) {
        const left = await destroyAll({ ...engine, stack, report, transcript });
        cli.end({
          code: left === undefined ? undefined : 'failed',
          sentence: left ?? `nothing is left of ${stack.name}`,
          json: { stack: stack.name, left },
        });
        return;
      }
      const delivery = await wireDelivery(cli.environment, await readWiredStacks(cli.environment), report);
      const manifest = findRelease(await delivery.ledger.facts(), options.release);
      if (manifest.image.builder === 'layout' && cli.environment.emulated === undefined) {
        throw new DeliveryError(
          'refused',
          `${releaseIdOf(manifest)}: expected an image built from the Dockerfile; found a layout`,
          {
            hint: 'make one with a container engine: npx trireme release --engine podman',
          },
        );
      }
      await confirm(cli, stack.name, options.yes);

      const { variables } = cli.environment;
      const silence = listenToHttp(wanted(Object.values(variables)), (exchange) => transcript.exchange(exchange));
      const file = options.transcript ?? join(cli.environment.stateDirectory, `${stack.name}.jsonl`);
      try {
        const { provers, logReaders } = await import('../../clouds/index.ts');
        const reaching = { variables, clock: systemClock, timeScale: delivery.timeScale };
        const image = copyFor(manifest, cloud);
        const { evidence, faults, left } = await runLiveCheck({
          stack,
          ...engine,
          prover: provers(reaching)[config.runtime],
          logs: logReaders(reaching)[config.runtime],
          manifest,
          fetch,
          clock: systemClock,
          transcript,
          report,
          signal: cli.signal,
          publishBroken: () => publishBroken(delivery.client, image, `broken-${stack.environment}`),
        });
        const answers = questionsOf(config.runtime).map(({ id, question, matters, answer }) => ({
          id,
          question,
          matters,
          answer: answer(evidence) ?? null,
        }));
        if (options.json !== true) cli.output.data(textOf(answers));
        const bad = [...faults, ...(left === undefined ? [] : [left])];
        const image_ = `one image of the check stays in ${image.split('@')[0]}, tagged broken-${stack.environment}`;
        cli.end({
          code: bad.length === 0 ? undefined : 'failed',
          sentence:
            bad.length === 0 ? `${stack.name}: deployed, broken, rolled back, destroyed; ${image_}` : bad.join('; '),
          next:
            left === undefined
              ? `read ${file} before you share it`
              : `npx trireme live-check ${cloud} --destroy ${stack.environment.slice('check-'.length)}`,
          json: {
            stack: stack.name,
            runtime: config.runtime,
            release: releaseIdOf(manifest),
            answers,
            faults,
            left,
            transcript: file,
          },
        });
      } finally {
        silence();
        const names = [variables.GOOGLE_PROJECT, variables.GOOGLE_CLOUD_PROJECT].filter((name) => name !== undefined);
        const redact = redaction({
          secrets: cli.environment.emulated === undefined ? secretsIn(variables) : [],
          names,
        });
        await writeFile(file, writtenOut(transcript.entries, redact));
      }
    });

/** Control planes, registries and logs; the service's own address is asked as anybody would. */
function wanted(values: readonly (string | undefined)[]): (host: string, path: string) => boolean {
  const here = new Set(values.join(' ').match(/127\.0\.0\.1:\d+/g) ?? []);
  return (host, path) =>
    here.has(host) ||
    /^(apprunner|ecs|logs|monitoring|api\.ecr)\.[\w-]+\.amazonaws\.com$/.test(host) ||
    /^(run|logging|monitoring)\.googleapis\.com$|^management\.azure\.com$/.test(host) ||
    (/\.amazonaws\.com$|-docker\.pkg\.dev$|\.azurecr\.io$/.test(host) && /^\/(v2|oauth2)\//.test(path));
}

/** @throws DeliveryError `cloud-unreachable` with what to do. */
async function requireLogin({ environment, output }: Cli, cloud: Cloud): Promise<void> {
  if (environment.emulated !== undefined) return;
  const words = accountWords[cloud];
  try {
    const { account, who } = await within(30_000, words.vendor, cloudAccounts(environment.variables)[cloud].login());
    output.talk(`${words.vendor}: ${words.unit} ${account}, as ${who}`);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('cloud-unreachable', `expected a login of ${words.vendor}; found none: ${why}`, {
      hint: `${words.logIn}, bring up ${foundationOf(cloud)} (npx trireme bootstrap ${cloud}), then run this again; to rehearse it: npx trireme emulator up`,
      cause,
    });
  }
}

interface Answered {
  readonly question: string;
  readonly answer: string | null;
  readonly matters: string;
}

function textOf(answers: readonly Answered[]): string {
  return answers
    .map(({ question, answer, matters }) => `${question}\n  ${answer ?? 'this run did not show it'}  [${matters}]`)
    .join('\n');
}

async function confirm(cli: Cli, name: string, yes: boolean | undefined): Promise<void> {
  if (yes === true) return;
  const what = `makes a service ${name} in your account, for up to an hour, and destroys it`;
  if (!cli.interactive) {
    throw new DeliveryError('usage', `expected --yes without a terminal to ask on: it ${what}; found none`);
  }
  if ((await ask(`this ${what}; type \`check\`: `, cli.signal)) !== 'check')
    throw new DeliveryError('refused', 'nothing was made');
}

function cloudOf(word: string): Cloud {
  const found = clouds.find((cloud) => cloud === word);
  if (found !== undefined) return found;
  const near = nearest(word, clouds);
  const hint = near === undefined ? undefined : `did you mean \`${near}\`?`;
  throw new DeliveryError('usage', `expected a cloud, one of ${clouds.join(', ')}; found \`${word}\``, { hint });
}

function runtimeOf(word: string | undefined): RuntimeName | undefined {
  if (word === undefined) return undefined;
  const found = runtimes.find((runtime) => runtime === word);
  if (found !== undefined) return found;
  throw new DeliveryError('usage', `expected a runtime, one of ${runtimes.join(', ')}; found \`${word}\``);
}
