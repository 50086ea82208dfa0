// A signer like Sigstore's public one, made up for one run of the emulator: an authority that certifies runs of workflows, and a log.
// The cryptography is real; only whoever is given `trustedRoot` believes it. https://docs.sigstore.dev/certificate_authority/overview/
import 'reflect-metadata';
import { createHash, generateKeyPairSync, type KeyObject, sign, webcrypto } from 'node:crypto';
import { Extension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { canonicalJson } from '../../contract/canonical.ts';

/** The run that signs, as its OIDC token would describe it. */
export interface SigningRun {
  /** `owner/name` */
  readonly repository: string;
  readonly commit: string;
  /** `.github/workflows/release.yml` */
  readonly workflow: string;
  readonly ref: string;
  readonly issuer: string;
  readonly runner: string;
  readonly run: string;
}

export interface EmulatedSigner {
  /** A Sigstore trusted root in JSON, on one line: what `gh attestation trusted-root` would print. */
  readonly trustedRoot: string;
  /** @param at when it is signed. @param certificate how long before and after that the certificate holds, in milliseconds. */
  attest(statement: unknown, run: SigningRun, at?: Date, certificate?: Validity): Promise<unknown>;
}

interface Validity {
  readonly beforeMs: number;
  readonly afterMs: number;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const payloadType = 'application/vnd.in-toto+json';
const origin = 'rekor.emulated';
const authority = 'CN=emulated-fulcio, O=emulated';
const day = 24 * 60 * 60 * 1000;
/** Fulcio's certificates hold ten minutes. */
const tenMinutes: Validity = { beforeMs: 0, afterMs: 600_000 };

/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const arc = '1.3.6.1.4.1.57264.1';

export async function createSigner(): Promise<EmulatedSigner> {
  const authorityKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const since = new Date(Date.now() - 365 * day);
  const root = await X509CertificateGenerator.createSelfSigned({
    name: authority,
    keys: authorityKeys,
    notBefore: since,
    notAfter: new Date(Date.now() + 3650 * day),
    signingAlgorithm: algorithm,
    extensions: [new Extension('2.5.29.19', true, Buffer.from('30030101ff', 'hex'))],
  });
  const log = logKeys();

  return {
    trustedRoot: canonicalJson({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [
        {
          baseUrl: `https://${origin}`,
          hashAlgorithm: 'SHA2_256',
          publicKey: {
            rawBytes: log.der.toString('base64'),
            keyDetails: 'PKIX_ECDSA_P256_SHA_256',
            validFor: { start: since.toISOString() },
          },
          logId: { keyId: log.id.toString('base64') },
        },
      ],
      certificateAuthorities: [
        {
          subject: { organization: 'emulated', commonName: 'emulated-fulcio' },
          uri: 'https://fulcio.emulated',
          certChain: { certificates: [{ rawBytes: Buffer.from(root.rawData).toString('base64') }] },
          validFor: { start: since.toISOString() },
        },
      ],
      ctlogs: [],
      timestampAuthorities: [],
    }),

    async attest(statement, run, at = new Date(), { beforeMs, afterMs } = tenMinutes) {
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await X509CertificateGenerator.create({
        subject: '',
        issuer: authority,
        publicKey: keys.publicKey,
        signingKey: authorityKeys.privateKey,
        signingAlgorithm: algorithm,
        // A second earlier: the log writes whole seconds.
        notBefore: new Date(at.getTime() - beforeMs - 1000),
        notAfter: new Date(at.getTime() + afterMs),
        extensions: extensionsOf(run),
      });
      const payload = Buffer.from(JSON.stringify(statement));
      const der = Buffer.from(certificate.rawData);
      const signature = await signDsse(keys.privateKey, payload);
      return {
        mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
        verificationMaterial: {
          certificate: { rawBytes: der.toString('base64') },
          tlogEntries: [logEntry(log, at, payload, signature, certificate.toString('pem'))],
          timestampVerificationData: { rfc3161Timestamps: [] },
        },
        dsseEnvelope: {
          payload: payload.toString('base64'),
          payloadType,
          signatures: [{ sig: signature.toString('base64'), keyid: '' }],
        },
      };
    },
  };
}

function extensionsOf({ repository, commit, workflow, ref, issuer, runner, run }: SigningRun): Extension[] {
  const source = `https://github.com/${repository}`;
  const san = `${source}/${workflow}@${ref}`;
  const said: readonly (readonly [number, string])[] = [
    [8, issuer],
    [9, san],
    [10, commit],
    [11, runner],
    [12, source],
    [13, commit],
    [14, ref],
    [18, san],
    [19, commit],
    [21, run],
  ];
  return [
    new SubjectAlternativeNameExtension([{ type: 'url', value: san }], true),
    ...said.map(([number, value]) => new Extension(`${arc}.${number}`, false, utf8String(value))),
  ];
}

/** DER: tag 12, the length, the bytes. */
function utf8String(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = bytes.length < 128 ? [bytes.length] : [0x82, bytes.length >> 8, bytes.length & 255];
  return Buffer.concat([Buffer.from([0x0c, ...length]), bytes]);
}

/** https://github.com/secure-systems-lab/dsse/blob/master/protocol.md */
async function signDsse(key: webcrypto.CryptoKey, payload: Buffer): Promise<Buffer> {
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const der = await webcrypto.subtle.exportKey('pkcs8', key);
  return sign('sha256', Buffer.concat([Buffer.from(head), payload]), {
    key: Buffer.from(der),
    format: 'der',
    type: 'pkcs8',
  });
}

interface LogKeys {
  readonly key: KeyObject;
  readonly der: Buffer;
  /** SHA-256 of the public key: the log's name. */
  readonly id: Buffer;
}

function logKeys(): LogKeys {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { key: privateKey, der, id: createHash('sha256').update(der).digest() };
}

/** An entry of a log that holds nothing else: its promise, which is also the time, and its proof with the signed checkpoint. */
function logEntry({ key, id }: LogKeys, at: Date, payload: Buffer, signature: Buffer, pem: string) {
  const body = Buffer.from(
    canonicalJson({
      apiVersion: '0.0.1',
      kind: 'dsse',
      spec: {
        envelopeHash: { algorithm: 'sha256', value: sha256(Buffer.concat([payload, signature])).toString('hex') },
        payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
        signatures: [{ signature: signature.toString('base64'), verifier: Buffer.from(`${pem}\n`).toString('base64') }],
      },
    }),
  );
  const integratedTime = Math.floor(at.getTime() / 1000);
  const promise = canonicalJson({
    body: body.toString('base64'),
    integratedTime,
    logID: id.toString('hex'),
    logIndex: 0,
  });
  // RFC 6962: a leaf is hashed behind a zero byte, and the root of a tree of one is that leaf.
  const rootHash = sha256(Buffer.concat([Buffer.from([0]), body])).toString('base64');
  const note = `${origin}\n1\n${rootHash}\n`;
  const noteSignature = Buffer.concat([id.subarray(0, 4), sign('sha256', Buffer.from(note), key)]).toString('base64');
  return {
    logIndex: '0',
    logId: { keyId: id.toString('base64') },
    kindVersion: { kind: 'dsse', version: '0.0.1' },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp: sign('sha256', Buffer.from(promise), key).toString('base64') },
    inclusionProof: {
      logIndex: '0',
      rootHash,
      treeSize: '1',
      hashes: [],
      checkpoint: { envelope: `${note}\n— ${origin} ${noteSignature}\n` },
    },
    canonicalizedBody: body.toString('base64'),
  };
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
