// `/openapi.json` and `/docs`: the service's own description, made once, and a page over it that needs nothing from elsewhere.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import { AppError } from '../../model/errors.ts';
import type { Identity } from '../identity.ts';
import type { Life } from '../life.ts';
import { openapiDocument } from '../openapi/document.ts';
import type { Predictor } from '../predictor.ts';

export function openapi(life: Life, identity: Identity, maxRows: number): RequestHandler {
  let made: { models: readonly Predictor[]; bytes: Buffer } | undefined;
  return (_request, response) => {
    const { models } = life;
    if (models.length === 0)
      throw new AppError(
        'not-ready',
        `expected models to describe, found none yet: ${life.reason ?? 'none is loaded'}`,
      );
    if (made?.models !== models)
      made = { models, bytes: Buffer.from(JSON.stringify(openapiDocument(models, identity, maxRows))) };
    response.setHeader('content-type', 'application/json').setHeader('content-length', made.bytes.length);
    response.end(made.bytes);
  };
}

export function docs(): RequestHandler {
  const page = readFileSync(new URL('docs.html', import.meta.url));
  const html = page.toString();
  const hashOf = (tag: string) => {
    const inner = html.slice(html.indexOf(`<${tag}>`) + tag.length + 2, html.indexOf(`</${tag}>`));
    return `'sha256-${createHash('sha256').update(inner).digest('base64')}'`;
  };
  const policy = `default-src 'none'; connect-src 'self'; img-src data:; style-src ${hashOf('style')}; script-src ${hashOf('script')}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return (_request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8').setHeader('content-length', page.length);
    response.setHeader('content-security-policy', policy);
    response.end(page);
  };
}
