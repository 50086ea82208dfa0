import { describe, expect, it } from 'vitest';
import { filterPattern, selected } from '../../../emulator/control-planes/logs/filter-pattern.ts';

const line = JSON.stringify({
  message: 'request',
  status: 503,
  seconds: 0.25,
  route: '/predict',
  user: { id: 7, tags: ['a', 'b'] },
  cached: false,
  trace: null,
});

describe('a filter pattern for JSON', () => {
  // By https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
  it.each([
    ['', true],
    ['{ $.status = 503 }', true],
    ['{ $.status >= 500 }', true],
    ['{ $.status < 500 }', false],
    ['{ $.message = "request" }', true],
    ['{ $.message = request }', true],
    ['{ $.message = "req*" }', true],
    ['{ $.message = "req" }', false],
    ['{ $.route != "/v2/health/ready" }', true],
    ['{ $.route != "/predict" }', false],
    ['{ $.none != "x" }', true],
    ['{ $.none = "x" }', false],
    ['{ $.none > 0 }', false],
    ['{ $.route > 0 }', false],
    ['{ $.user.id = 7 }', true],
    ['{ $.user.tags[1] = "b" }', true],
    ['{ $.cached IS FALSE }', true],
    ['{ $.trace IS NULL }', true],
    ['{ $.none NOT EXISTS }', true],
    ['{ $.status = 503 && $.route = "/other" }', false],
    ['{ $.status = 200 || $.route = "/predict" }', true],
    ['{ $.status = 503 || $.status = 200 && $.route = "/other" }', true],
    ['{ ($.status = 503 || $.status = 200) && ($.route = "/other") }', false],
  ])('%s: %s', (pattern, expected) => {
    expect(filterPattern(pattern).matches(line)).toBe(expected);
  });

  it('fits no line that is not JSON', () => {
    expect(filterPattern('{ $.route != "/predict" }').matches('Error: request')).toBe(false);
  });

  it.each([
    '{ $.status = 503',
    '{ status = 503 }',
    '{ $.status 503 }',
    '{ $.message > "a" }',
    '{ $.cached IS ODD }',
    '{ $.a = 1 } rest',
    '{ $.a = 1 && }',
    '{ }',
    'ERROR timeout',
    '{ $.a = %regex% }',
  ])('is refused where it is none: %s', (pattern) => {
    expect(() => filterPattern(pattern)).toThrow(SyntaxError);
  });
});

it('a value is what its selector says', () => {
  expect([selected('$.seconds', line), selected('$.user.tags[0]', line), selected('$.none', line)]).toEqual([
    0.25,
    'a',
    undefined,
  ]);
});
