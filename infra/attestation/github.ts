// What GitHub keeps of attestations about a digest. https://docs.github.com/rest/users/attestations
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';

export interface AttestationStore {
  /** Every bundle about that digest; none where nothing was attested. @throws DeliveryError `errored`, `document-invalid`. */
  bundles(repository: string, digest: string): Promise<readonly unknown[]>;
}

export interface GithubStoreOptions {
  /** `https://api.github.com` */
  readonly apiUrl: string;
  /** `attestations: read`; public repositories can be asked without. */
  readonly token?: string | undefined;
  readonly ask?: typeof fetch;
}

const answer = z.object({ attestations: z.array(z.looseObject({ bundle: z.unknown() })) });
/** Two for each attempt of a release; GitHub gives at most a hundred in one page. */
const mostBundles = 100;

export function githubStore({ apiUrl, token, ask = fetch }: GithubStoreOptions): AttestationStore {
  return {
    async bundles(repository, digest) {
      const url = `${apiUrl}/repos/${repository}/attestations/${encodeURIComponent(digest)}?per_page=${mostBundles}`;
      const headers = {
        accept: 'application/vnd.github+json',
        'x-github-api-version': '2022-11-28',
        ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
      };
      let response: Response;
      try {
        response = await ask(url, { headers, signal: AbortSignal.timeout(20_000) });
      } catch (cause) {
        throw new DeliveryError('errored', `GET ${url}: no answer`, { cause });
      }
      // Nothing attested and no such repository look the same from outside.
      if (response.status === 404) return [];
      if (!response.ok) {
        throw new DeliveryError('errored', `GET ${url}: expected the attestations; found HTTP ${response.status}`, {
          hint: 'the job needs `permissions: attestations: read`; a laptop, GITHUB_TOKEN',
        });
      }
      const parsed = answer.safeParse(await response.json().catch(() => undefined));
      if (!parsed.success) throw new DeliveryError('document-invalid', `GET ${url}: ${z.prettifyError(parsed.error)}`);
      return parsed.data.attestations.map(({ bundle }) => bundle).filter((bundle) => bundle != null);
    },
  };
}
