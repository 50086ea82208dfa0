// What emulated releases are attested with: a signer that stands for the workflow's own step, and GitHub's list of what it signed.
import { z } from 'zod';
import type { Handler, WireResponse } from '../world.ts';
import type { EmulatedSigner } from './sigstore.ts';

const asked = z.object({
  digest: z.string(),
  statement: z.unknown(),
  run: z.object({
    repository: z.string(),
    commit: z.string(),
    workflow: z.string(),
    ref: z.string(),
    issuer: z.string(),
    runner: z.string(),
    run: z.string(),
  }),
});

/**
 * `POST /attest` signs and keeps; `GET /repos/{owner}/{repo}/attestations/{digest}` is GitHub's own route:
 * https://docs.github.com/rest/repos/repos#list-attestations
 */
export function attestationApi(signer: EmulatedSigner): Handler {
  const kept = new Map<string, unknown[]>();
  return async ({ method, url, body }) => {
    const { pathname } = new URL(url, 'http://127.0.0.1');
    if (method === 'POST' && pathname === '/attest') {
      const parsed = asked.safeParse(parseJson(body));
      if (!parsed.success) return answer(422, { message: z.prettifyError(parsed.error) });
      const { digest, statement, run } = parsed.data;
      const key = `${run.repository} ${digest}`;
      kept.set(key, [await signer.attest(statement, run), ...(kept.get(key) ?? [])]);
      return answer(201, {});
    }
    const [, repository, digest] = /^\/repos\/([^/]+\/[^/]+)\/attestations\/([^/]+)$/.exec(pathname) ?? [];
    const found = kept.get(`${repository} ${decodeURIComponent(digest ?? '')}`);
    if (method !== 'GET' || found === undefined) return answer(404, { message: 'Not Found' });
    const attestations = found.map((bundle) => ({ bundle, repository_id: 1, bundle_url: '' }));
    return answer(200, { attestations });
  };
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}

function answer(status: number, document: object): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(document) };
}
