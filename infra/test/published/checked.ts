// A control plane that answers for what it says: each request and each answer is judged by the vendor's own published model.
import type { Handler, WireRequest, WireResponse } from '../../emulator/world.ts';
import { type ModelName, published } from './schema.ts';

export interface Checks {
  /** What it found so far. A fault thrown inside a retry may be swallowed; here it stays. */
  readonly faults: readonly string[];
  /** @throws Error that names every fault. */
  assert(): void;
}

export class Checked implements Checks {
  readonly #faults: string[] = [];

  get faults(): readonly string[] {
    return this.#faults;
  }

  assert(): void {
    if (this.#faults.length > 0) throw new Error(`not as the vendor publishes it:\n${this.#faults.join('\n')}`);
  }

  /** JSON protocols of AWS: the operation's name is in a header. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
  aws(name: ModelName, handler: Handler): Handler {
    const model = published(name);
    return this.#watch(handler, (request, answer) => {
      const operation = (request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? '';
      const known = model.operations[operation];
      if (known === undefined) return answer.status < 300 ? [`${operation}: no published operation`] : [];
      const said = body(answer.body);
      const asked = model.requestFaults(operation, body(request.body) ?? {});
      const answered =
        answer.status < 300 ? model.answerFaults(operation, said) : refusedByAws(known.errors ?? [], said);
      return verdict(operation, answer.status, asked, answered);
    });
  }

  /** REST with JSON, as Google and Azure speak it: the path says which operation is meant. */
  rest(names: readonly ModelName[], handler: Handler): Handler {
    const models = names.map((name) => ({ name, model: published(name) }));
    const routes = models.flatMap(({ name, model }) =>
      Object.entries(model.operations).flatMap(([operation, { method, path }]) =>
        path === undefined ? [] : [{ name, model, operation, method, path: new RegExp(path, 'i') }],
      ),
    );
    return this.#watch(handler, (request, answer) => {
      const url = new URL(request.url, 'http://vendor.example');
      const place = decodeURIComponent(url.pathname);
      // `sites/{name}/config/web` and `sites/{name}/{anything}/web`: the more literal one, which is the longer, is meant.
      const [route] = routes
        .filter(({ method, path }) => method === request.method && path.test(place))
        .sort((a, b) => b.path.source.length - a.path.source.length);
      if (route === undefined) return answer.status < 300 ? [`${request.method} ${place}: no published operation`] : [];
      const { model, operation } = route;
      const asked = [
        ...model.queryFaults(operation, url.searchParams),
        ...model.requestFaults(operation, body(request.body)),
      ];
      const plain = (answer.headers?.['content-type'] ?? '').startsWith('application/json');
      const said = plain ? body(answer.body) : undefined;
      const answered =
        answer.status >= 300
          ? refusedByRest(answer.status, said, route.name)
          : said === undefined
            ? []
            : model.answerFaults(operation, said);
      return verdict(`${route.name} ${operation}`, answer.status, asked, answered);
    });
  }

  /** @throws Error that names them, when there are any. */
  note(faults: readonly string[]): void {
    if (faults.length === 0) return;
    for (const fault of faults) if (!this.#faults.includes(fault)) this.#faults.push(fault);
    throw new Error(`not as the vendor publishes it: ${faults.join('; ')}`);
  }

  #watch(handler: Handler, judge: (request: WireRequest, answer: WireResponse) => readonly string[]): Handler {
    return async (request) => {
      const answer = await handler(request);
      this.note(judge(request, answer));
      return answer;
    };
  }
}

/** What the vendor would refuse may be sent, by a test, if it is refused here too. */
function verdict(what: string, status: number, asked: readonly string[], answered: readonly string[]): string[] {
  return [
    ...(status < 300 ? asked.map((fault) => `${what}, sent and accepted: ${fault}`) : []),
    ...answered.map((fault) => `${what}, answered ${status}: ${fault}`),
  ];
}

/** Errors of the service itself, which every operation may answer with: https://docs.aws.amazon.com/apprunner/latest/api/CommonErrors.html */
const ofAll = [
  'AccessDeniedException',
  'ThrottlingException',
  'ValidationException',
  'SerializationException',
  'UnrecognizedClientException',
  'InternalFailure',
];

function refusedByAws(errors: readonly string[], said: unknown): readonly string[] {
  const type =
    String((said as { __type?: unknown } | undefined)?.__type ?? '')
      .split('#')
      .at(-1) ?? '';
  return [...errors, ...ofAll].includes(type) ? [] : [`/__type is ${type}; published are ${errors.join(', ')}`];
}

/** https://cloud.google.com/apis/design/errors and https://github.com/microsoft/api-guidelines/blob/vNext/azure/Guidelines.md#handling-errors */
function refusedByRest(status: number, said: unknown, name: ModelName): readonly string[] {
  const error = (said as { error?: Record<string, unknown> } | undefined)?.error;
  if (typeof error?.message !== 'string') return ['/error/message is missing'];
  if (name.startsWith('azure')) return typeof error.code === 'string' ? [] : ['/error/code must be a text'];
  const status_ = typeof error.status === 'string' && /^[A-Z_]+$/.test(error.status);
  return error.code === status && status_ ? [] : ['/error/code must be the status, and /error/status its name'];
}

function body(bytes: string | Buffer | undefined): unknown {
  const text = bytes?.toString() ?? '';
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
