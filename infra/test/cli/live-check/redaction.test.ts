import { expect, test } from 'vitest';
import { redaction, secretsIn } from '../../../cli/live-check/redaction.ts';
import { Transcript, writtenOut } from '../../../cli/live-check/transcript.ts';

const none = { secrets: [], names: [] };

test.each<[string, string, string]>([
  ['an AWS account', 'arn:aws:iam::210987654321:role/r', 'arn:aws:iam::100000000001:role/r'],
  [
    'a registry of AWS',
    '210987654321.dkr.ecr.eu-west-1.amazonaws.com/t',
    '100000000001.dkr.ecr.eu-west-1.amazonaws.com/t',
  ],
  [
    'a subscription',
    '/subscriptions/6fa459ea-ee8a-4ca4-894e-db77e160355e/x',
    '/subscriptions/00000000-0000-4000-8000-a00000000001/x',
  ],
  ['a person', 'by ada.lovelace@corp.example.com', 'by person-1@example.org'],
  ['a service account', 'deploy@my-project.iam.gserviceaccount.com', 'person-1@example.org'],
  ['a host of App Runner', 'https://k2xw9.eu-west-1.awsapprunner.com/a', 'https://host1.eu-west-1.awsapprunner.com/a'],
  ['a host of Cloud Run', 'https://t-dev-4fx-ew.a.run.app', 'https://host1.a.run.app'],
  ['a host of App Service', 'trireme-dev-9k2.azurewebsites.net', 'host1.azurewebsites.net'],
  ['a public address', 'from 203.0.113.77 to 0.0.0.0', 'from 192.0.2.1 to 0.0.0.0'],
  ['a token of Azure', '"eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"', '"REMOVED-TOKEN"'],
  ['a token of Google', 'ya29.a0AfB_byC-x', 'REMOVED-TOKEN'],
  ['a header', 'Authorization: Bearer abcdefghijklmnop', 'Authorization: REMOVED-TOKEN'],
  ['a key id of AWS', 'AKIAIOSFODNN7EXAMPLE', 'REMOVED-KEY-ID'],
  ['a signature in an address', 'https://s/?a=b&sig=Zm9vYmFyYmF6', 'https://s/?a=b&sig=REMOVED-SECRET'],
  ['a password in JSON', '{"client_secret":"hunter2hunter2"}', '{"client_secret":"REMOVED-SECRET"}'],
  ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', 'REMOVED-KEY'],
])('%s is taken out', (_what, text, expected) => {
  expect(redaction(none)(text)).toBe(expected);
});

test('the same becomes the same, another becomes another, and what is done stays done', () => {
  const redact = redaction(none);
  const once = redact('210987654321 123456789098 210987654321 ada@x.example bob@x.example ada@x.example');
  expect(once).toBe(
    '100000000001 100000000002 100000000001 person-1@example.org person-2@example.org person-1@example.org',
  );
  expect(redact(once)).toBe(once);
});

test.each([
  `sha256:${'0123456789ab'.repeat(5)}abcd`,
  '{"CreatedAt":1763758180.123}',
  'bld-012345678901',
  '2026-11-21T21:29:40.123456789Z',
])('what an answer needs to stay what it is, stays: %s', (text) => {
  expect(redaction(none)(text)).toBe(text);
});

test('no planted secret is in what is written, whatever it looks like', () => {
  const planted = {
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG',
    ARM_CLIENT_SECRET: 'a b c d e f',
    PATH: '/usr/bin',
  };
  const secrets = secretsIn(planted);
  expect(secrets).toEqual(['wJalrXUtnFEMI/K7MDENG', 'a b c d e f']);
  const transcript = new Transcript(() => 0);
  transcript.exchange({ method: 'POST', host: 'x', path: '/acme-prod-1', status: 200, request: { a: planted } });
  const written = writtenOut(transcript.entries, redaction({ secrets, names: ['acme-prod-1'] }));
  for (const word of [...secrets, 'acme-prod-1']) expect(written).not.toContain(word);
  expect(written).toContain('/usr/bin');
});

test('of an answer that polling meets again and again, one is kept, and each that differs', () => {
  const transcript = new Transcript(() => 0);
  const asked = { method: 'GET', host: 'h', path: '/p' };
  for (const status of [200, 200, 503, 503, 200]) transcript.exchange({ ...asked, status });
  expect(transcript.entries.map((entry) => 'status' in entry && entry.status)).toEqual([200, 503, 200]);
});
