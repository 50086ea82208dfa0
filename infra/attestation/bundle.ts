// A Sigstore bundle opened: its certificate, time, log entry and signature verified without any network, its statement parsed.
import { bundleFromJSON, isBundleWithDsseEnvelope, type SerializedBundle } from '@sigstore/bundle';
import type { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, VerificationError, Verifier } from '@sigstore/verify';
import { z } from 'zod';
import { type Signer, signerOf } from './signer.ts';
import { type Statement, statement } from './statement.ts';

export interface OpenedBundle {
  readonly statement: Statement;
  readonly signer: Signer;
}

/** A bundle that can't be believed, with the reason in one line. Never means that something else went wrong. */
export class UnbelievableBundle extends Error {}

const inTotoType = 'application/vnd.in-toto+json';

/** @throws UnbelievableBundle. */
export function openBundle(document: unknown, roots: readonly TrustedRoot[]): OpenedBundle {
  const bundle = parse(document);
  if (!isBundleWithDsseEnvelope(bundle))
    throw new UnbelievableBundle('expected a signed statement; found a bare signature');
  const { content } = bundle.verificationMaterial;
  if (content?.$case !== 'certificate' && content?.$case !== 'x509CertificateChain') {
    throw new UnbelievableBundle('expected a certificate of the signer; found a bare key');
  }
  verifyAgainstAny(bundle, roots);
  const { payload, payloadType } = bundle.content.dsseEnvelope;
  if (payloadType !== inTotoType) throw new UnbelievableBundle(`expected ${inTotoType}; found ${payloadType}`);
  const certificate =
    content.$case === 'certificate' ? content.certificate : content.x509CertificateChain.certificates[0];
  if (certificate === undefined) throw new UnbelievableBundle('expected a certificate of the signer; found none');
  return { statement: parseStatement(payload), signer: signerOf(certificate.rawBytes) };
}

function parse(document: unknown) {
  try {
    return bundleFromJSON(document as SerializedBundle);
  } catch (cause) {
    throw new UnbelievableBundle(`expected a Sigstore bundle: ${wordsOf(cause)}`, { cause });
  }
}

/** One root must vouch for everything: a certificate of one and a log of another would be nobody's word. */
function verifyAgainstAny(bundle: Parameters<typeof toSignedEntity>[0], roots: readonly TrustedRoot[]): void {
  const reasons = new Set<string>();
  for (const root of roots) {
    try {
      new Verifier(toTrustMaterial(root), thresholds(root)).verify(toSignedEntity(bundle));
      return;
    } catch (cause) {
      reasons.add(wordsOf(cause));
    }
  }
  throw new UnbelievableBundle([...reasons].join('; ') || 'no authority is trusted');
}

/**
 * As much as the authority can give must be there. The public one logs certificates and signatures; GitHub's own, for private repositories,
 * has no log and signs the time instead.
 */
function thresholds({ ctlogs, tlogs }: TrustedRoot) {
  return {
    ctlogThreshold: ctlogs.length > 0 ? 1 : 0,
    tlogThreshold: tlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  };
}

function parseStatement(payload: Buffer): Statement {
  try {
    return statement.parse(JSON.parse(payload.toString('utf8')));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new UnbelievableBundle(`expected an in-toto statement: ${why.replaceAll('\n', ' ')}`, { cause });
  }
}

function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const inner = cause.cause instanceof VerificationError ? ` (${cause.cause.message})` : '';
  return `${cause.message}${inner}`;
}
