// GitHub's published description of its REST API, as a judge of answers: https://github.com/github/rest-api-description, packed by Octokit.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormatsModule from 'ajv-formats';
import { z } from 'zod';

const operation = z.looseObject({
  responses: z.record(z.string(), z.looseObject({ $ref: z.string().optional(), content: z.unknown().optional() })),
  requestBody: z.unknown().optional(),
});
const description = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
type Description = z.infer<typeof description>;

const media = 'application/json';
const id = 'https://api.github.com/description';
/** GitHub describes these once, in words: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api */
const everywhere = new Set(['401', '403', '404', '422', '502', '409']);

export interface Published {
  /** Every way in which an answer is not as published; empty when it is. */
  faults(method: string, url: string, status: number, body: unknown): readonly string[];
  /** The same for what is sent. */
  requestFaults(method: string, url: string, body: unknown): readonly string[];
}

export async function published(): Promise<Published> {
  const path = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json');
  const document: Description = description.parse(JSON.parse(await readFile(path, 'utf8')));
  const ajv = new Ajv({ strict: false, allErrors: true, inlineRefs: false });
  // CommonJS under Node's rules: the function is the namespace's default.
  (addFormatsModule as unknown as (one: Ajv) => void)(ajv);
  ajv.addSchema({ $id: id, ...(nullable(document) as Description) });
  const templates = Object.keys(document.paths).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
    variables: template.split('{').length,
  }));
  const compiled = new Map<string, ValidateFunction>();

  const judge = (pointer: string, body: unknown): readonly string[] => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `${id}#${pointer}` });
    compiled.set(pointer, validate);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
  };
  const find = (method: string, url: string) => {
    const { pathname } = new URL(url, 'http://127.0.0.1');
    // `/users/{username}` and `/user`: the one with the fewest variables is meant.
    const [match] = templates.filter(({ pattern }) => pattern.test(pathname)).sort((a, b) => a.variables - b.variables);
    const found = match === undefined ? undefined : document.paths[match.template]?.[method.toLowerCase()];
    return match === undefined || found === undefined
      ? undefined
      : { template: match.template, operation: operation.parse(found) };
  };
  const pointerOf = (...steps: string[]) =>
    steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

  return {
    faults(method, url, status, body) {
      const found = find(method, url);
      if (found === undefined) return [`${method} ${url}: no published operation`];
      const said = found.operation.responses[String(status)];
      const about = (fault: string) => `${method} ${found.template} ${status}: ${fault}`;
      if (said === undefined) {
        if (!everywhere.has(String(status))) return [about('not a published status')];
        return judge('/components/schemas/basic-error', body).map(about);
      }
      const reference = said.$ref?.slice(1);
      const base = reference ?? pointerOf('paths', found.template, method.toLowerCase(), 'responses', String(status));
      const content = reference === undefined ? said.content : { [media]: true };
      if (content === undefined || !Object.hasOwn(Object(content), media)) {
        return body === undefined ? [] : [about('expected no body')];
      }
      return judge(`${base}${pointerOf('content', media, 'schema')}`, body).map(about);
    },
    requestFaults(method, url, body) {
      const found = find(method, url);
      if (found?.operation.requestBody === undefined) return [];
      const pointer = pointerOf(
        'paths',
        found.template,
        method.toLowerCase(),
        'requestBody',
        'content',
        media,
        'schema',
      );
      return judge(pointer, body).map((fault) => `${method} ${found.template}, sent: ${fault}`);
    },
  };
}

/** OpenAPI 3.0 lets `nullable` stand beside `anyOf`, where JSON Schema has no type to make nullable. */
function nullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(nullable);
  if (typeof node !== 'object' || node === null) return node;
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, nullable(value)]));
  if (copy.nullable !== true || 'type' in copy) return copy;
  const { nullable: _, ...rest } = copy;
  return { anyOf: [{ type: 'null' }, rest] };
}
