// The emulated project's secrets: the few calls of Secret Manager's API that making them takes, and what a container gets of them.
import { z } from 'zod';
import type { WireRequest, WireResponse } from '../../world.ts';
import { json, refusal } from '../google-json.ts';
import type { RevisionTemplate } from './container.ts';

const payload = z.object({ payload: z.object({ data: z.base64() }) });

/** https://cloud.google.com/secret-manager/docs/reference/rest */
export class Secrets {
  /** By `<secret>`, in the one emulated project: the versions' data, absent once destroyed. */
  readonly #versions = new Map<string, (string | undefined)[]>();

  /** @returns undefined for what is no request about secrets */
  answer({ method, url, body }: WireRequest): WireResponse | undefined {
    const { pathname, searchParams } = new URL(url, 'http://secretmanager.googleapis.com');
    const [, project, rest = ''] = /^\/v1\/projects\/([^/]+)\/secrets(.*)$/.exec(pathname) ?? [];
    if (project === undefined) return undefined;
    const id = searchParams.get('secretId') ?? /^\/([^/:]+)/.exec(rest)?.[1] ?? '';
    const name = `projects/${project}/secrets/${id}`;
    const versions = this.#versions.get(id);
    if (method === 'POST' && rest === '') {
      if (versions !== undefined) return refusal(409, 'ALREADY_EXISTS', `Secret [${name}] already exists.`);
      this.#versions.set(id, []);
      return json(200, { name });
    }
    if (versions === undefined) return refusal(404, 'NOT_FOUND', `Secret [${name}] not found.`);
    if (method === 'DELETE' && rest === `/${id}`) {
      this.#versions.delete(id);
      return json(200, {});
    }
    if (method === 'POST' && rest === `/${id}:addVersion`) {
      const { data } = payload.parse(JSON.parse(body.toString())).payload;
      versions.push(Buffer.from(data, 'base64').toString());
      return json(200, { name: `${name}/versions/${versions.length}`, state: 'ENABLED' });
    }
    const destroyed = Number(new RegExp(`^/${id}/versions/(\\d+):destroy$`).exec(rest)?.[1]);
    if (method === 'POST' && destroyed >= 1 && destroyed <= versions.length) {
      versions[destroyed - 1] = undefined;
      return json(200, { name: `${name}/versions/${destroyed}`, state: 'DESTROYED' });
    }
    return refusal(404, 'NOT_FOUND', `The requested URL ${pathname} was not found on this server.`);
  }

  /** The template with its secrets' values; or the words about the first that is not there. */
  into(template: RevisionTemplate): { readonly template: RevisionTemplate } | { readonly missing: string } {
    let missing: string | undefined;
    const containers = template.containers.map((container) => ({
      ...container,
      env: container.env?.map((one) => {
        const asked = one.valueSource?.secretKeyRef;
        if (asked === undefined) return one;
        const value = this.#value(asked.secret, asked.version ?? 'latest');
        missing ??= value === undefined ? `Secret ${asked.secret} was not found in the emulated project` : undefined;
        return { name: one.name, value: value ?? '' };
      }),
    }));
    return missing === undefined ? { template: { ...template, containers } } : { missing };
  }

  #value(secret: string, version: string): string | undefined {
    const versions = this.#versions.get(secret.slice(secret.lastIndexOf('/') + 1));
    return version === 'latest' ? versions?.findLast((one) => one !== undefined) : versions?.[Number(version) - 1];
  }
}
