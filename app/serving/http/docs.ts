// `/openapi.json` and `/docs`: the service's own description, made once, and a page over it that needs nothing from elsewhere.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import { AppError } from '../../model/errors.ts';
import type { Identity } from '../identity.ts';
import type { Life } from '../life.ts';
import type { Served } from '../models/served.ts';
import type { Settings } from '../settings/settings.ts';

export function openapi(
  life: Life,
  identity: Identity,
  limits: Pick<Settings, 'maxRows' | 'apiKeys' | 'adminKeys'>,
): RequestHandler {
  let made: { served: Served; bytes: Buffer } | undefined;
  return async (_request, response) => {
    const { served } = life;
    if (served.all.length === 0)
      throw new AppError(
        'not-ready',
        `expected models to describe, found none yet: ${life.reason ?? 'none is loaded'}`,
      );
    // Loaded by the first who asks: no prediction needs it.
    const { openapiDocument } = await import('../openapi/document.ts');
    if (made?.served !== served)
      made = { served, bytes: Buffer.from(JSON.stringify(openapiDocument(served, identity, limits.maxRows, limits))) };
    response.setHeader('content-type', 'application/json').setHeader('content-length', made.bytes.length);
    response.end(made.bytes);
  };
}

export function docs(): RequestHandler {
  let made: { readonly page: Buffer; readonly policy: string } | undefined;
  return (_request, response) => {
    made ??= readPage();
    const { page, policy } = made;
    response.setHeader('content-type', 'text/html; charset=utf-8').setHeader('content-length', page.length);
    response.setHeader('content-security-policy', policy);
    response.end(page);
  };
}

/** What the page may run and load is itself alone, by hash. */
function readPage() {
  const page = readFileSync(new URL('docs.html', import.meta.url));
  const html = page.toString();
  const hashOf = (tag: string) => {
    const inner = html.slice(html.indexOf(`<${tag}>`) + tag.length + 2, html.indexOf(`</${tag}>`));
    return `'sha256-${createHash('sha256').update(inner).digest('base64')}'`;
  };
  const policy = `default-src 'none'; connect-src 'self'; img-src data:; style-src ${hashOf('style')}; script-src ${hashOf('script')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return { page, policy };
}
