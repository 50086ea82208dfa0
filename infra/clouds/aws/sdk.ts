// How the SDK's clients are made here, and what their errors mean.
import { isLoopback } from '../connection.ts';
import { Unanswered } from '../polling.ts';

/**
 * The endpoint is named in full, so that no variable of the shell leads a question elsewhere. Emulated ones are asked with a key that opens
 * nothing, because the SDK insists on signing.
 * @param service as in the vendor's host: `apprunner`, `monitoring`. @param emulated where an emulated one answers.
 */
export function sdkSettings(service: string, region: string, emulated: string | undefined) {
  const endpoint = emulated ?? `https://${service}.${region}.amazonaws.com`;
  const throwaway = { credentials: { accessKeyId: 'emulated', secretAccessKey: 'emulated' } };
  return { region, endpoint, ...(isLoopback(endpoint) ? throwaway : {}) };
}

const refused =
  /AccessDenied|UnrecognizedClient|ExpiredToken|InvalidSignature|CredentialsProvider|InvalidClientTokenId/;

/** Of a control plane. Throttling is an HTTP 400 here: errors are told apart by name, never by status. */
export function unansweredBy(error: Error): Unanswered {
  return new Unanswered(`${error.name}: ${error.message}`, { passing: !refused.test(error.name), cause: error });
}
