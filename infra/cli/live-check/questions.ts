// What only a real account can show: each open question, where its answer matters, how it is found, and how it is read off a transcript.
import type { RuntimeName } from '../../contract/service.ts';
import { type Entry, type Exchange, isExchange } from './transcript.ts';

/** What the check saw besides the wire. */
export interface Evidence {
  readonly entries: readonly Entry[];
  /** The good image and the one that never becomes ready. */
  readonly good: string;
  readonly broken: string;
  /** Statuses that the service's own address answered with, by what was asked. */
  readonly probes: Readonly<Record<string, string>>;
  /** Lines of the container and the platform after the roll-back, oldest first. */
  readonly logs: readonly { readonly atMs?: number; readonly from: string; readonly text: string }[];
}

export interface Question {
  readonly id: string;
  readonly runtimes: readonly RuntimeName[];
  readonly question: string;
  /** The file that assumes an answer today. */
  readonly matters: string;
  readonly found: string;
  /** `undefined`: this run did not show it. */
  answer(evidence: Evidence): string | undefined;
}

const all: readonly RuntimeName[] = ['app-runner', 'ecs-express', 'cloud-run', 'app-service'];

export const questions: readonly Question[] = [
  {
    id: 'app-runner-image-after-roll-back',
    runtimes: ['app-runner'],
    question: 'What does ImageIdentifier show once App Runner has rolled back by itself?',
    matters: 'infra/clouds/aws/app-runner/judgement.ts',
    found: 'the last DescribeService after the broken image',
    answer(evidence) {
      const [last] = at(evidence, 'break', 'AppRunner.DescribeService').slice(-1);
      const image = text(last?.answer, 'Service', 'SourceConfiguration', 'ImageRepository', 'ImageIdentifier');
      return image && `${nameOfImage(image, evidence)}, with Status ${text(last?.answer, 'Service', 'Status')}`;
    },
  },
  {
    id: 'app-runner-operations',
    runtimes: ['app-runner'],
    question: 'Which operations does a failed update leave in the list?',
    matters: 'infra/clouds/aws/app-runner/judgement.ts',
    found: 'the last ListOperations after the broken image',
    answer(evidence) {
      const [last] = at(evidence, 'break', 'AppRunner.ListOperations').slice(-1);
      const found = list(last?.answer, 'OperationSummaryList').map(
        (one) => `${text(one, 'Type')} ${text(one, 'Status')}`,
      );
      return found.length === 0 ? undefined : found.join(', ');
    },
  },
  {
    id: 'ecs-digest',
    runtimes: ['ecs-express'],
    question: 'Is the digest of a running task that of the index or of its child?',
    matters: 'infra/clouds/aws/ecs-express/judgement.ts',
    found: 'containers[].imageDigest of DescribeTasks beside the digest that was deployed',
    answer(evidence) {
      const tasks = at(evidence, undefined, 'AmazonEC2ContainerServiceV20141113.DescribeTasks');
      const digests = tasks.flatMap(({ answer }) =>
        list(answer, 'tasks').flatMap((task) => list(task, 'containers').map((one) => text(one, 'imageDigest'))),
      );
      const [first] = digests.filter((one) => one !== undefined);
      return (
        first &&
        (first === evidence.good || first === evidence.broken
          ? 'the digest that was deployed'
          : `another digest: ${first}`)
      );
    },
  },
  {
    id: 'ecs-roll-back',
    runtimes: ['ecs-express'],
    question: 'Which statuses does a deployment go through that never becomes ready?',
    matters: 'infra/clouds/aws/ecs-express/judgement.ts',
    found: 'status in ListServiceDeployments, in order',
    answer: (evidence) =>
      inOrder(
        at(evidence, 'break', 'AmazonEC2ContainerServiceV20141113.ListServiceDeployments').flatMap(({ answer }) =>
          list(answer, 'serviceDeployments').map((one) => text(one, 'status')),
        ),
      ),
  },
  {
    id: 'cloud-run-not-ready',
    runtimes: ['cloud-run'],
    question: 'With which condition does a revision fail that never listens, and what keeps serving?',
    matters: 'infra/clouds/gcp/cloud-run/judgement.ts',
    found: 'terminalCondition and latestReadyRevision of the service after the broken image',
    answer(evidence) {
      const [last] = paths(evidence, 'break', /\/services\/[^/?:]+(\?|$)/).slice(-1);
      const state = text(last?.answer, 'terminalCondition', 'state');
      const reason =
        text(last?.answer, 'terminalCondition', 'message') ?? text(last?.answer, 'terminalCondition', 'reason');
      return (
        state &&
        `${state} (${reason ?? 'no reason'}); ready is ${text(last?.answer, 'latestReadyRevision')?.split('/').at(-1)}`
      );
    },
  },
  {
    id: 'cloud-run-healthz',
    runtimes: all,
    question: 'Does the platform keep /healthz to itself?',
    matters: 'infra/contract/service.ts',
    found: 'GET /healthz at the address of the service, beside /version',
    answer: ({ probes }) =>
      probes.healthz === undefined ? undefined : `/healthz: ${probes.healthz}; a path of nobody: ${probes.nobody}`,
  },
  {
    id: 'body-limit',
    runtimes: all,
    question: 'Which body does the platform refuse before the service sees it?',
    matters: 'infra/clouds/*/*/runtime.ts (bodyLimit)',
    found: 'POST /predict with 1, 7 and 33 MiB: an answer without the service’s own words is the platform’s',
    answer: ({ probes }) =>
      probes['body-1'] === undefined
        ? undefined
        : ['1', '7', '33'].map((size) => `${size} MiB: ${probes[`body-${size}`]}`).join('; '),
  },
  {
    id: 'drain-seconds',
    runtimes: all,
    question: 'How long does a container live after SIGTERM?',
    matters: 'infra/clouds/*/*/runtime.ts (drainSeconds)',
    found: 'the times between the line that says SIGTERM and the last one of that container',
    answer({ logs }) {
      const began = logs.findIndex(({ from, text }) => from === 'container' && /SIGTERM|draining|drain/i.test(text));
      const first = logs[began]?.atMs;
      const last = logs
        .slice(began + 1)
        .findLast(({ from, text }) => from === 'container' && /drained|stopped|exit/i.test(text))?.atMs;
      return began < 0 || first === undefined || last === undefined
        ? undefined
        : `at least ${Math.round((last - first) / 100) / 10} s`;
    },
  },
  {
    id: 'azure-instance-state',
    runtimes: ['app-service'],
    question: 'Which states do the instances of a site show that does not start?',
    matters: 'infra/clouds/azure/app-service/judgement.ts',
    found: 'properties.state of GET …/instances after the broken image',
    answer: (evidence) =>
      inOrder(
        paths(evidence, 'break', /\/instances(\?|$)/i).flatMap(({ answer }) =>
          list(answer, 'value').map((one) => text(one, 'properties', 'state') ?? 'no state'),
        ),
      ),
  },
  {
    id: 'azure-log-wording',
    runtimes: ['app-service'],
    question: 'With which words does the platform’s log tell of a container that does not start?',
    matters: 'infra/clouds/azure/app-service/judgement.ts',
    found: 'the platform’s lines after the broken image',
    answer: ({ logs }) =>
      logs.findLast(({ from, text }) => from === 'platform' && /fail|exit|respond|start/i.test(text))?.text,
  },
  {
    id: 'azure-digest',
    runtimes: ['app-service'],
    question: 'Does classic mode take an image by @sha256?',
    matters: 'infra/clouds/azure/app-service/settings.ts',
    found: 'linuxFxVersion of …/config/web after the good image, and that it was proven to run',
    answer(evidence) {
      const [last] = paths(evidence, 'deploy', /\/config\/web(\?|$)/i).slice(-1);
      const version = text(last?.answer, 'properties', 'linuxFxVersion');
      return (
        version &&
        `${version.includes('@sha256:') ? 'yes' : 'no'}: ${version.slice(0, 60)}…, ${evidence.probes.version ?? 'never answered'}`
      );
    },
  },
  {
    id: 'registry-token',
    runtimes: all,
    question: 'How does the registry ask for a token?',
    matters: 'infra/clouds/*/registry-login.ts',
    found: 'the challenge of the registry, and what followed it',
    answer(evidence) {
      const challenges = evidence.entries
        .filter(isExchange)
        .flatMap(({ challenge }) => (challenge === undefined ? [] : [challenge]));
      const asked = evidence.entries.filter(isExchange).filter(({ path }) => /\/(oauth2|token)\b/.test(path));
      return challenges.length === 0
        ? undefined
        : inOrder([...challenges, ...asked.map(({ method, path, status }) => `${method} ${path} ${status}`)]);
    },
  },
];

export function questionsOf(runtime: RuntimeName): readonly Question[] {
  return questions.filter(({ runtimes }) => runtimes.includes(runtime));
}

function at({ entries }: Evidence, stage: string | undefined, target: string): readonly Exchange[] {
  return entries
    .filter(isExchange)
    .filter((one) => one.target === target && (stage === undefined || one.stage === stage));
}

function paths({ entries }: Evidence, stage: string, path: RegExp): readonly Exchange[] {
  return entries
    .filter(isExchange)
    .filter((one) => one.stage === stage && one.method === 'GET' && one.status === 200 && path.test(one.path));
}

function value(document: unknown, keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : undefined),
    document,
  );
}

function text(document: unknown, ...keys: readonly string[]): string | undefined {
  const found = value(document, keys);
  return typeof found === 'string' ? found : undefined;
}

function list(document: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = value(document, keys);
  return Array.isArray(found) ? found : [];
}

function inOrder(found: readonly (string | undefined)[]): string | undefined {
  const said = found
    .filter((one): one is string => one !== undefined)
    .filter((one, index, every) => one !== every[index - 1]);
  return said.length === 0 ? undefined : [...new Set(said)].join(', ');
}

function nameOfImage(image: string, { good, broken }: Evidence): string {
  return image.endsWith(good) ? 'the good image' : image.endsWith(broken) ? 'the broken image' : image;
}
