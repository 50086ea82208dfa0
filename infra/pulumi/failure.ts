// Why the engine ended badly: the vendor refused a resource, or nothing can be said about the service. The vendor's own sentence is kept.
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { DeliveryError } from '../contract/errors.ts';
import { refusedProtected } from '../contract/replacement.ts';
import { nameOf, planOf, type Step } from './plan.ts';
import { lineOf, refusalOf } from './refusals.ts';

/** An error the engine reported; without `urn` it is about the run, not about a resource. */
export interface Diagnostic {
  readonly urn?: string;
  readonly message: string;
}

export type Failure =
  | { readonly kind: 'rejected'; readonly diagnostics: readonly string[] }
  | { readonly kind: 'locked'; readonly text: string }
  /** A lock that a full disk left empty: the engine can't read it, and stops there ever after. */
  | { readonly kind: 'lock-unreadable'; readonly error: DeliveryError }
  | { readonly kind: 'error'; readonly error: DeliveryError };

export interface FailedRun {
  readonly stack: string;
  readonly diagnostics: readonly Diagnostic[];
  /** What the CLI printed: it speaks there, and only there, when it failed before the engine started. */
  readonly printed: string;
  readonly interrupted: boolean;
  /** What the policy pack said against it. */
  readonly refusal?: DeliveryError | undefined;
  /** What the engine announced before it stopped. */
  readonly steps?: readonly Step[];
}

export function failureOf({ stack, diagnostics: all, printed, interrupted, refusal, steps = [] }: FailedRun): Failure {
  const reasons = all.filter(({ message }) => !stoppedWithIt.test(message));
  const diagnostics = reasons.length > 0 ? reasons : all;
  if (printed.includes('the stack is currently locked by')) return { kind: 'locked', text: printed };
  if (/^error: unexpected end of JSON input/m.test(printed)) {
    const message = `${stack}: expected its locks to be readable; found one that is cut short`;
    return {
      kind: 'lock-unreadable',
      error: new DeliveryError('errored', message, { hint: `pulumi cancel --stack ${stack}` }),
    };
  }
  if (interrupted) {
    return error(
      'interrupted',
      `${stack}: the update was interrupted; what had been started was finished and recorded`,
    );
  }
  // A resource that a rule refused fails in the engine's words as well; the rule's own say more.
  if (refusal !== undefined) return { kind: 'error', error: refusal };
  const texts = [...diagnostics.map((one) => one.message), printed];
  const stateFault = texts.find((text) => unwritable.test(text));
  if (stateFault !== undefined) {
    const hint = 'make room, or make the folder writable, and run the same command again';
    return error('state-unwritable', `${stack}: ${lineWith(unwritable, stateFault)}`, hint);
  }
  const kept = diagnostics.flatMap(({ urn, message }) => (urn !== undefined && isProtected.test(message) ? [urn] : []));
  if (kept.length > 0) {
    const names = [...new Set(kept.map(nameOf))];
    return { kind: 'error', error: refusedProtected(stack, names, planOf(stack, steps).changes) };
  }
  const about = (one: Diagnostic) => one.urn !== undefined && !/::pulumi:(pulumi:Stack|providers:)/.test(one.urn);
  const refusals = diagnostics.filter(
    (one) => about(one) && ![unreachable, unauthorized, otherAccount].some((cause) => cause.test(one.message)),
  );
  if (refusals.length > 0) {
    const sentences = refusals.map(
      (one) => `${nameOf(one.urn ?? '')}: ${withWayOn(vendorSentence(one.message), stack)}`,
    );
    return { kind: 'rejected', diagnostics: [...new Set(sentences)] };
  }
  for (const [pattern, code, hint] of causes) {
    const text = texts.find((candidate) => pattern.test(candidate));
    if (text === undefined) continue;
    const line = lineWith(pattern, text);
    return error(code, `${stack}: ${line}`, refusalOf(line, stack)?.mend ?? hint);
  }
  const said = diagnostics.find((one) => !isSummary(one.message))?.message ?? printed;
  return error('errored', `${stack}: the engine could not finish: ${vendorSentence(said)}`);
}

function withWayOn(sentence: string, stack: string): string {
  const known = refusalOf(sentence, stack);
  return known === undefined ? sentence : lineOf(known, sentence);
}

/** An error of the engine, as it streams by; anything else is `undefined`. */
export function diagnosticOf(event: EngineEvent): Diagnostic | undefined {
  const found = event.diagnosticEvent;
  if (found === undefined || !found.severity.startsWith('error') || isSummary(found.message)) return undefined;
  return { message: found.message, ...(found.urn ? { urn: found.urn } : {}) };
}

/** The sentence that says something, out of the engine's and the provider bridge's wrapping. */
export function vendorSentence(message: string): string {
  const lines = message
    .replace(/<\{%[^%]*%\}>/g, '')
    .split('\n')
    .map((line) =>
      line
        .replace(/^[\s*]+/, '')
        .replace(/^(error|warning): /, '')
        .replace(/^sdk-v2\/provider2\.go:\d+: sdk\.helper_schema: /, '')
        .replace(/: provider=[\w-]+@[\w.+-]+$/, '')
        .replace(/^(creating|updating|deleting|reading|refreshing) urn:\S+: /, '')
        .replace(/^(\d+ errors? occurred:\s*\**\s*)+/, '')
        .trim(),
    )
    .filter((line) => line !== '' && !/^at /.test(line));
  const sentence = [...new Set(lines)].join(' ');
  return sentence.length > 600 ? `${sentence.slice(0, 599)}…` : sentence;
}

/** What the engine says of a resource that it gave up because another one had failed. */
const stoppedWithIt = /\bcontext canceled\s*$/;
/** As the engine words it: https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go */
const isProtected = /currently marked for protection|because it is protected/;
/** As the operating system words it, always with the path: a vendor's "permission denied" is something else. */
const unwritable =
  /(open|mkdir|create|write|unlink|remove|rename|link) \/\S+: (no space left on device|permission denied|read-only file system|disk quota exceeded|not a directory)/;
const unreachable =
  /dial tcp|dial unix|connect: connection refused|code = (Unavailable|DeadlineExceeded)|no such host|i\/o timeout|TLS handshake|transport is closing|did not begin responding to RPC/;
const unauthorized =
  /NoCredentialProviders|No valid credential sources|ExpiredToken|RequestExpired|SSO session .*expired|ExpiredAuthenticationToken|invalid authentication credentials|InvalidClientTokenId|UnrecognizedClientException|security token included in the request is (invalid|expired)|could not find default credentials|invalid_grant|Unable to authenticate|AADSTS\d+|az login|no credentials/i;

/** Said by AWS's provider, about itself, through each resource it was to make. */
const otherAccount = /AWS account ID not allowed/;

const causes: readonly (readonly [RegExp, 'config-invalid' | 'cloud-unreachable' | 'errored', string])[] = [
  [
    /incorrect passphrase/,
    'config-invalid',
    'set `PULUMI_CONFIG_PASSPHRASE` to the passphrase this stack was made with',
  ],
  [
    /passphrase must be set/,
    'config-invalid',
    'set `PULUMI_CONFIG_PASSPHRASE`, or name a key of the cloud as `secretsprovider` in the stack file',
  ],
  [
    /PULUMI_ACCESS_TOKEN must be set/,
    'config-invalid',
    'say where the state is kept: set `PULUMI_BACKEND_URL`, or `pulumi login`; without an account: npx trireme emulator up',
  ],
  [
    otherAccount,
    'config-invalid',
    'log in to the account that `account` in the stack file names, or mend the stack file',
  ],
  [unauthorized, 'cloud-unreachable', 'log in to the cloud again, or renew the credentials in the environment'],
  [
    /no resource plugin|could not load plugin/i,
    'errored',
    'against emulated clouds: load the environment that `npx trireme emulator up` printed; otherwise `pulumi plugin install`',
  ],
  [unreachable, 'cloud-unreachable', 'is the network there? against emulated clouds: npx trireme emulator up'],
];

function lineWith(pattern: RegExp, text: string): string {
  return vendorSentence(text.split('\n').find((line) => pattern.test(line)) ?? text);
}

/** The engine ends with `update failed` whatever happened; the reason is elsewhere. */
function isSummary(message: string): boolean {
  return /^(update|preview|refresh|destroy) (failed|canceled)$/.test(message.trim());
}

function error(code: DeliveryError['code'], message: string, hint?: string): Failure {
  return { kind: 'error', error: new DeliveryError(code, message, { hint }) };
}
