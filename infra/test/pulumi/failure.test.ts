import { describe, expect, test } from 'vitest';
import { type Diagnostic, failureOf, vendorSentence } from '../../pulumi/failure.ts';

const service = 'urn:pulumi:gcp-dev::trireme::gcp:cloudrunv2/service:Service::service';
const stackUrn = 'urn:pulumi:gcp-dev::trireme::pulumi:pulumi:Stack::trireme-gcp-dev';
const provider = 'urn:pulumi:gcp-dev::trireme::pulumi:providers:gcp::default_9_37_0';

function failure(diagnostics: Diagnostic[], printed = '', interrupted = false) {
  return failureOf({ stack: 'gcp-dev', diagnostics, printed, interrupted });
}

describe('why the engine ended badly', () => {
  test('a resource that the vendor refused is rejected, each reason once', () => {
    const message = 'Revision is not ready: the container failed to start.';
    expect(
      failure([
        { urn: service, message },
        { urn: service, message },
        { urn: stackUrn, message: 'update failed' },
      ]),
    ).toEqual({
      kind: 'rejected',
      diagnostics: ['service: Revision is not ready: the container failed to start.'],
    });
  });

  test.each([
    [
      'as this engine says it of a replacement',
      `unable to replace resource "${service}"\nas it is currently marked for protection. To unprotect the resource, remove the \`protect\` flag`,
    ],
    [
      'as it says it of a deletion',
      `resource "${service}" cannot be deleted\nbecause it is protected. To unprotect the resource, either remove the \`protect\` flag or use the command:\n\`pulumi state unprotect '${service}'\``,
    ],
  ])('what is protected is refused in our words, %s', (_, message) => {
    const found = failure([
      { urn: service, message },
      { urn: stackUrn, message: 'preview failed' },
    ]);
    expect(found).toMatchObject({
      kind: 'error',
      error: { code: 'refused', message: 'gcp-dev: service is protected and would be deleted or made anew' },
    });
    expect(JSON.stringify(found)).not.toContain('unprotect');
  });

  test('a runtime that changes is said where the engine stops at what is protected', () => {
    const old = 'urn:pulumi:aws-prod::trireme::trireme:aws:PredictionService$aws:apprunner/service:Service::service';
    const steps = [
      { op: 'create', urn: `${old}-x`, type: 'aws:ecs/expressGatewayService:ExpressGatewayService' },
      { op: 'delete', urn: old, type: 'aws:apprunner/service:Service' },
    ];
    const diagnostics = [{ urn: old, message: `resource "${old}" cannot be deleted\nbecause it is protected.` }];
    const found = failureOf({ stack: 'aws-prod', diagnostics, printed: '', interrupted: false, steps });
    expect(found).toMatchObject({
      kind: 'error',
      error: {
        code: 'refused',
        message: expect.stringMatching(
          /^aws-prod: its runtime changes from app-runner to ecs-express: .*; service is protected/,
        ),
      },
    });
  });

  test.each<{ what: string; diagnostics?: Diagnostic[]; printed?: string; code: string; says: RegExp }>([
    {
      what: 'a provider that went away',
      diagnostics: [{ urn: service, message: 'rpc error: code = Unavailable desc = transport is closing' }],
      code: 'cloud-unreachable',
      says: /Unavailable/,
    },
    {
      what: 'a provider that never answered',
      diagnostics: [{ message: 'gcp (resource) plugin [gcp] did not begin responding to RPC connections' }],
      code: 'cloud-unreachable',
      says: /did not begin responding/,
    },
    {
      what: 'no network',
      diagnostics: [
        {
          urn: service,
          message: 'Get "https://run.googleapis.com": dial tcp: lookup run.googleapis.com: no such host',
        },
      ],
      code: 'cloud-unreachable',
      says: /no such host/,
    },
    {
      what: 'credentials of AWS that are gone',
      diagnostics: [
        { urn: provider, message: 'unable to validate AWS credentials. No valid credential sources found.' },
      ],
      code: 'cloud-unreachable',
      says: /No valid credential sources/,
    },
    {
      what: 'credentials of Azure that are gone',
      diagnostics: [{ urn: service, message: 'AADSTS700213: No matching federated identity record found' }],
      code: 'cloud-unreachable',
      says: /AADSTS700213/,
    },
    {
      what: 'a provider that is not installed',
      diagnostics: [{ message: "no resource plugin 'pulumi-resource-aws' found in the workspace" }],
      code: 'errored',
      says: /pulumi-resource-aws/,
    },
    {
      what: 'the wrong passphrase',
      printed: 'error: getting secrets manager: incorrect passphrase\n',
      code: 'config-invalid',
      says: /incorrect passphrase/,
    },
    {
      what: 'no passphrase',
      printed: 'error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE\n',
      code: 'config-invalid',
      says: /passphrase must be set/,
    },
    {
      what: 'no state backend',
      printed: 'error: PULUMI_ACCESS_TOKEN must be set for login\n',
      code: 'config-invalid',
      says: /PULUMI_ACCESS_TOKEN/,
    },
    { what: 'anything else', printed: 'error: the sky fell\n', code: 'errored', says: /the sky fell/ },
  ])('$what is an error, not a verdict on the service', ({ diagnostics = [], printed, code, says }) => {
    const result = failure(diagnostics, printed);
    expect(result).toMatchObject({ kind: 'error', error: { code, message: expect.stringMatching(says) } });
  });

  test.each([
    'write /s/.pulumi/locks/x.json.tmp: no space left on device',
    'open /s/.pulumi/stacks/trireme/gcp-dev.json: permission denied',
    'mkdir /s/.pulumi: read-only file system',
  ])('a state that can not be written comes before everything else: %s', (message) => {
    expect(failure([{ urn: service, message: `saving snapshot: ${message}` }])).toMatchObject({
      error: { code: 'state-unwritable' },
    });
    expect(failure([], `error: 1) ${message}\n2) Unknown`)).toMatchObject({ error: { code: 'state-unwritable' } });
  });

  test("a vendor's own permission denied is a refusal", () => {
    expect(
      failure([{ urn: service, message: "Permission 'run.services.create' denied: permission denied" }]).kind,
    ).toBe('rejected');
  });

  test('a lock that was cut short is told apart from a lock', () => {
    expect(failure([], 'error: unexpected end of JSON input\n').kind).toBe('lock-unreadable');
  });

  test('one refusal among unreachable resources is still a refusal', () => {
    const result = failure([
      { urn: service, message: 'quota exceeded' },
      { urn: `${service}2`, message: 'dial tcp 10.0.0.1:443: i/o timeout' },
    ]);
    expect(result).toEqual({ kind: 'rejected', diagnostics: ['service: quota exceeded'] });
  });

  test('what stopped because another resource failed is no reason', () => {
    const stopped = { urn: service, message: 'failed to run remediation: context canceled' };
    const login = {
      urn: `${service}-account`,
      message: 'oauth2: "invalid_grant" "Token has been expired or revoked."',
    };
    expect(failure([stopped, login])).toMatchObject({ kind: 'error', error: { code: 'cloud-unreachable' } });
    expect(failure([stopped])).toMatchObject({ kind: 'rejected' });
  });

  test('a lock is a lock, whoever interrupts; an interruption is not a refusal', () => {
    expect(failure([], 'error: the stack is currently locked by 1 lock(s).', true).kind).toBe('locked');
    expect(failure([{ urn: service, message: 'canceled' }], '', true)).toMatchObject({
      error: { code: 'interrupted' },
    });
  });
});

describe("the vendor's own sentence", () => {
  test.each([
    ['1 error occurred:\n\t* no way\n\n', 'no way'],
    [
      'sdk-v2/provider2.go:566: sdk.helper_schema: creating App Runner Service (api): operation error AppRunner: CreateService, InvalidRequestException: bad image: provider=aws@7.48.0',
      'creating App Runner Service (api): operation error AppRunner: CreateService, InvalidRequestException: bad image',
    ],
    [
      `1 error occurred:\n\t* updating ${service}: 1 error occurred:\n\t* Error 400: invalid image`,
      'Error 400: invalid image',
    ],
    ['<{%fg 1%}>error: <{%reset%}>Conflict', 'Conflict'],
    ['Error: boom\n    at program (file:///x.ts:1:2)', 'Error: boom'],
  ])('%j says %j', (message, sentence) => {
    expect(vendorSentence(message)).toBe(sentence);
  });
});
