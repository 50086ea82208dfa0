import { describe, expect, it } from 'vitest';
import { resolved, secretValue } from '../../../emulator/runtimes/secrets.ts';

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:trireme-dev/database-url-a1b2c3';
const json = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-a1b2c3';
const held = new Map([
  [arn, 'postgresql://trireme@host'],
  [json, '{"username":"dana","tries":3}'],
]);

describe('a secret of the emulated AWS account', () => {
  it.each([
    [arn, 'postgresql://trireme@host'],
    [json, '{"username":"dana","tries":3}'],
    [`${json}:username::`, 'dana'],
    [`${json}:tries:AWSCURRENT:`, '3'],
    [`${json}:password::`, undefined],
    [`${arn}x`, undefined],
    ['arn:aws:ssm:eu-west-1:123456789012:parameter/none', undefined],
  ])('%s', (reference, value) => {
    expect(secretValue(held, reference)).toBe(value);
  });

  it('reaches the container under its variable, or not at all', () => {
    expect(resolved(held, { DATABASE_URL: arn, LOGIN: `${json}:username::` })).toEqual({
      variables: { DATABASE_URL: 'postgresql://trireme@host', LOGIN: 'dana' },
    });
    expect(resolved(held, {})).toEqual({ variables: {} });
    expect(resolved(held, { DATABASE_URL: arn, TOKEN: 'arn:none' })).toEqual({
      missing: 'TOKEN from arn:none: the emulated account holds none',
    });
  });
});
