// The OCI distribution protocol over one store, as one vendor speaks it.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { digestOf, digestPattern } from '../../contract/canonical.ts';
import { alterOneByte } from './faults.ts';
import { referrersIndex, subjectOf } from './referrers.ts';
import type { RegistryStore, StoredManifest } from './store.ts';
import type { RegistryVendor } from './vendors.ts';

export interface DistributionOptions {
  readonly vendor: RegistryVendor;
  readonly store: RegistryStore;
  readonly host: string;
  /** Where it really listens; known once it does. */
  readonly url: () => string;
  readonly faults: RegistryFaults;
}

/** Ways to be a bad registry, for controls. */
export interface RegistryFaults {
  /** Serve every layer with one byte changed. */
  alterLayer: boolean;
}

const namePattern = /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;
const manifestLimitBytes = 4 * 1024 * 1024;

/** One request, from challenge to answer. Anything thrown that is not a spec error is a bug here and answers 500. */
export function distribution(
  options: DistributionOptions,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    answer(options, request, response).catch((cause: unknown) => {
      request.resume();
      if (response.headersSent) response.destroy();
      else if (cause instanceof SpecError) sendError(response, cause);
      else sendError(response, new SpecError(500, 'UNKNOWN', String(cause)));
    });
  };
}

class SpecError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

async function answer(options: DistributionOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://registry');
  const path = decodePath(url.pathname);
  if (path === undefined || !path.startsWith('/v2/')) {
    throw new SpecError(404, 'NAME_UNKNOWN', 'expected a path below /v2/');
  }
  response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
  const route = parseRoute(path);
  authenticate(options, request, route.kind === 'base' ? undefined : route.name);
  if (route.kind === 'base') return send(response, 200, {}, '{}');
  if (route.kind === 'unknown') throw new SpecError(404, 'UNSUPPORTED', `no such route: ${path}`);
  if (!namePattern.test(route.name)) throw new SpecError(400, 'NAME_INVALID', `invalid repository name ${route.name}`);
  const exchange: Exchange = {
    ...options,
    request,
    response,
    name: route.name,
    method: request.method ?? 'GET',
    query: url.searchParams,
  };
  if (route.kind === 'manifest') return manifests(exchange, route.reference);
  if (route.kind === 'blob') return blobs(exchange, route.reference);
  if (route.kind === 'upload') return uploads(exchange, route.reference);
  if (route.kind === 'referrers') return referrers(exchange, route.reference);
  return tags(exchange);
}

interface Exchange extends DistributionOptions {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly name: string;
  readonly method: string;
  readonly query: URLSearchParams;
}

type Route =
  | { readonly kind: 'base' }
  | {
      readonly kind: 'manifest' | 'blob' | 'upload' | 'tags' | 'referrers' | 'unknown';
      readonly name: string;
      readonly reference: string;
    };

function parseRoute(path: string): Route {
  if (path === '/v2/') return { kind: 'base' };
  const match =
    /^\/v2\/(?<name>.+)\/(?:(?<kind>manifests|blobs|referrers)\/(?<reference>[^/]+)|blobs\/uploads\/(?<upload>[^/]*)|tags\/list)$/.exec(
      path,
    );
  const { name = '', kind, reference = '', upload } = match?.groups ?? {};
  if (match === null) return { kind: 'unknown', name: '', reference: '' };
  if (upload !== undefined) return { kind: 'upload', name, reference: upload };
  if (kind === 'blobs' && reference === 'uploads') return { kind: 'upload', name, reference: '' };
  if (kind === 'manifests') return { kind: 'manifest', name, reference };
  if (kind === 'blobs') return { kind: 'blob', name, reference };
  if (kind === 'referrers') return { kind, name, reference };
  return { kind: 'tags', name, reference: '' };
}

function authenticate(options: DistributionOptions, request: IncomingMessage, name: string | undefined): void {
  const { authorization } = request.headers;
  if (authorization !== undefined && options.vendor.accepts(authorization)) return;
  const challenge = options.vendor.challenge(options.url(), options.host, name === '' ? undefined : name);
  throw new SpecError(401, 'UNAUTHORIZED', 'authentication required', { 'WWW-Authenticate': challenge });
}

async function manifests(exchange: Exchange, reference: string): Promise<void> {
  const { method, store, name, vendor, request, response } = exchange;
  const byDigest = digestPattern.test(reference);
  if (!byDigest && !tagPattern.test(reference)) throw new SpecError(400, 'TAG_INVALID', `invalid tag ${reference}`);
  if (method === 'GET' || method === 'HEAD') {
    const found = store.repositories.has(name) ? await store.manifest(name, reference) : undefined;
    if (found === undefined) {
      const code = store.repositories.has(name) ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN';
      throw new SpecError(404, code, `${name} has no manifest ${reference}`);
    }
    const headers = { 'Content-Type': found.mediaType, ...digestHeader(vendor, found.digest) };
    return send(response, 200, headers, found.bytes, method === 'HEAD');
  }
  if (method !== 'PUT') throw unsupported(method);
  admitPush(exchange);
  const bytes = await readBody(request, manifestLimitBytes);
  const digest = digestOf(bytes);
  if (byDigest && digest !== reference) {
    throw new SpecError(400, 'DIGEST_INVALID', `expected ${reference}, the manifest's bytes have ${digest}`);
  }
  const manifest = { digest, bytes, mediaType: request.headers['content-type'] ?? 'application/octet-stream' };
  for (const blob of referencedBlobs(manifest)) {
    if ((await store.hasBlob(name, blob)) === undefined) {
      throw new SpecError(400, 'MANIFEST_BLOB_UNKNOWN', `${name} has no blob ${blob}`);
    }
  }
  const tag = byDigest ? undefined : reference;
  const tagged = tag === undefined ? undefined : await store.manifest(name, tag);
  if (store.immutableTags(name) && tagged !== undefined && tagged.digest !== digest) {
    const message = `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`;
    throw new SpecError(400, 'TAG_INVALID', message);
  }
  await store.putManifest(name, manifest, tag);
  const subject = vendor.listsReferrers ? subjectOf(manifest) : undefined;
  send(response, 201, {
    Location: `/v2/${name}/manifests/${digest}`,
    ...digestHeader(vendor, digest),
    ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
  });
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers: also where nothing refers to it. */
async function referrers({ method, store, name, vendor, query, response }: Exchange, subject: string): Promise<void> {
  if (!vendor.listsReferrers) throw new SpecError(404, 'UNSUPPORTED', 'this registry lists no referrers');
  if (method !== 'GET') throw unsupported(method);
  if (!digestPattern.test(subject)) throw new SpecError(400, 'DIGEST_INVALID', `invalid digest ${subject}`);
  if (!store.repositories.has(name)) throw new SpecError(404, 'NAME_UNKNOWN', `no repository ${name}`);
  const artifactType = query.get('artifactType') ?? undefined;
  const index = referrersIndex(await store.manifests(name), subject, artifactType);
  const headers = {
    'Content-Type': 'application/vnd.oci.image.index.v1+json',
    ...(artifactType === undefined ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
  };
  send(response, 200, headers, JSON.stringify(index));
}

async function blobs(exchange: Exchange, digest: string): Promise<void> {
  const { method, store, name, response, faults } = exchange;
  if (!digestPattern.test(digest)) throw new SpecError(400, 'DIGEST_INVALID', `invalid digest ${digest}`);
  if (method !== 'GET' && method !== 'HEAD') throw unsupported(method);
  if (!store.repositories.has(name)) throw new SpecError(404, 'NAME_UNKNOWN', `no repository ${name}`);
  const size = await store.hasBlob(name, digest);
  if (size === undefined) throw new SpecError(404, 'BLOB_UNKNOWN', `${name} has no blob ${digest}`);
  response.writeHead(200, {
    'Content-Type': 'application/octet-stream',
    'Content-Length': size,
    'Docker-Content-Digest': digest,
  });
  if (method === 'HEAD') return void response.end();
  const bytes = createReadStream(store.blobPath(digest));
  if (faults.alterLayer && (await store.isLayer(name, digest))) await pipeline(bytes, alterOneByte(), response);
  else await pipeline(bytes, response);
}

async function uploads(exchange: Exchange, upload: string): Promise<void> {
  const { method, store, name, query, request, response } = exchange;
  admitPush(exchange);
  const digest = query.get('digest');
  if (digest !== null && !digestPattern.test(digest)) {
    throw new SpecError(400, 'DIGEST_INVALID', `invalid digest ${digest}`);
  }
  if (method === 'POST' && upload === '') {
    const mount = query.get('mount');
    const from = query.get('from');
    if (
      mount !== null &&
      from !== null &&
      store.repositories.has(from) &&
      (await store.hasBlob(from, mount)) !== undefined
    ) {
      await store.linkBlob(name, mount);
      return send(response, 201, { Location: `/v2/${name}/blobs/${mount}`, 'Docker-Content-Digest': mount });
    }
    const started = await store.startUpload();
    if (digest !== null) return receiveWhole(exchange, started, digest);
    return send(response, 202, { Location: `/v2/${name}/blobs/uploads/${started}`, Range: '0-0' });
  }
  const size = /^[0-9a-f-]{36}$/.test(upload) ? await store.uploadSize(upload) : undefined;
  if (size === undefined) throw new SpecError(404, 'BLOB_UPLOAD_UNKNOWN', `no upload ${upload}`);
  const location = { Location: `/v2/${name}/blobs/uploads/${upload}` };
  if (method === 'GET') return send(response, 204, { ...location, Range: `0-${Math.max(0, size - 1)}` });
  if (method === 'DELETE') {
    await store.cancelUpload(upload);
    return send(response, 204, {});
  }
  if (method === 'PATCH') {
    const start = /^(\d+)-/.exec(request.headers['content-range'] ?? '')?.[1];
    if (start !== undefined && Number(start) !== size) {
      throw new SpecError(416, 'BLOB_UPLOAD_INVALID', `expected a chunk at ${size}, found one at ${start}`);
    }
    await store.appendUpload(upload, request);
    const received = (await store.uploadSize(upload)) ?? 0;
    return send(response, 202, { ...location, Range: `0-${Math.max(0, received - 1)}` });
  }
  if (method !== 'PUT') throw unsupported(method);
  if (digest === null) throw new SpecError(400, 'DIGEST_INVALID', 'expected ?digest=');
  return receiveWhole(exchange, upload, digest);
}

async function receiveWhole(
  { store, name, request, response }: Exchange,
  upload: string,
  digest: string,
): Promise<void> {
  await store.appendUpload(upload, request);
  if (!(await store.finishUpload(upload, name, digest))) {
    throw new SpecError(400, 'DIGEST_INVALID', `the uploaded bytes do not have the digest ${digest}`);
  }
  send(response, 201, { Location: `/v2/${name}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}

async function tags({ method, store, name, response }: Exchange): Promise<void> {
  if (method !== 'GET') throw unsupported(method);
  if (!store.repositories.has(name)) throw new SpecError(404, 'NAME_UNKNOWN', `no repository ${name}`);
  send(response, 200, { 'Content-Type': 'application/json' }, JSON.stringify({ name, tags: await store.tags(name) }));
}

/** The repository must have been created where the vendor wants that; where it does not, pushing creates it. */
function admitPush({ vendor, store, name }: Exchange): void {
  const parent = vendor.createdAs(name);
  if (parent === undefined || (parent !== null && !store.repositories.has(parent))) {
    throw new SpecError(404, 'NAME_UNKNOWN', `The repository with name '${name}' does not exist in the registry`);
  }
  if (store.repositories.has(name)) return;
  store.createRepository(name, { immutableTags: parent !== null && store.immutableTags(parent) });
}

/** Config and layers of an image manifest; the manifests of an index are not blobs. */
function referencedBlobs(manifest: Pick<StoredManifest, 'bytes'>): string[] {
  let document: unknown;
  try {
    document = JSON.parse(manifest.bytes.toString());
  } catch {
    throw new SpecError(400, 'MANIFEST_INVALID', 'the manifest is not JSON');
  }
  if (typeof document !== 'object' || document === null) {
    throw new SpecError(400, 'MANIFEST_INVALID', 'the manifest is not an object');
  }
  const { config, layers, manifests } = document as Record<string, unknown>;
  if (config === undefined && !Array.isArray(manifests)) {
    throw new SpecError(400, 'MANIFEST_INVALID', 'the manifest has neither a config nor manifests');
  }
  const descriptors = [...(config === undefined ? [] : [config]), ...(Array.isArray(layers) ? layers : [])];
  return descriptors.map((descriptor: unknown) => {
    const digest = typeof descriptor === 'object' && descriptor !== null && 'digest' in descriptor && descriptor.digest;
    if (typeof digest === 'string' && digestPattern.test(digest)) return digest;
    throw new SpecError(400, 'MANIFEST_INVALID', 'a descriptor has no digest');
  });
}

async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new SpecError(413, 'SIZE_INVALID', `expected at most ${limitBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function digestHeader(vendor: RegistryVendor, digest: string): Record<string, string> {
  return vendor.omitsDigestHeader ? {} : { 'Docker-Content-Digest': digest };
}

function unsupported(method: string): SpecError {
  return new SpecError(405, 'UNSUPPORTED', `the operation is unsupported: ${method}`);
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function sendError(response: ServerResponse, error: SpecError): void {
  const body = JSON.stringify({ errors: [{ code: error.code, message: error.message, detail: null }] });
  send(response, error.status, { 'Content-Type': 'application/json', ...error.headers }, body);
}

function send(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer = '',
  headOnly = false,
): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  response.end(headOnly ? undefined : body);
}
