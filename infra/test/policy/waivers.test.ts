import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, it } from 'vitest';
import { planLines } from '../../cli/plan-text.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { enforcementOf, type Waivers } from '../../contract/policy-pack.ts';
import { parseWaivers } from '../../policy/waivers.ts';
import { planOf } from '../../pulumi/plan.ts';
import { policyRefusal, policyWarnings, violationOf } from '../../pulumi/policy-pack.ts';

const rule = { id: 'tls-only', enforcement: 'mandatory' } as const;
const lowered: Waivers = {
  'tls-only': { enforcement: 'advisory', stacks: ['azure-dev'], reason: 'a trial', until: '2030-03-31' },
};
const at = Date.parse;

describe('a rule that policy.yaml lowers', () => {
  it.each([
    ['on the stack it names', 'azure-dev', '2030-03-30T23:59:59Z', 'advisory'],
    ['from the first minute of that day', 'azure-dev', '2030-03-31T00:00:00Z', 'mandatory'],
    ['on another stack', 'azure-prod', '2030-03-30T00:00:00Z', 'mandatory'],
  ])('%s', (_what, stack, now, enforcement) => {
    expect(enforcementOf(rule, stack, lowered, at(now)).enforcement).toBe(enforcement);
  });

  it('is said with its reason and its end, and when that is over', () => {
    expect(enforcementOf(rule, 'azure-dev', lowered, at('2030-01-01')).note).toBe(
      'advisory for azure-dev until 2030-03-31 by policy.yaml: a trial',
    );
    expect(enforcementOf(rule, 'azure-dev', lowered, at('2031-01-01')).note).toContain('that is over');
    expect(enforcementOf(rule, 'aws-dev', lowered, at('2030-01-01')).note).toBeUndefined();
  });

  const entry = (text: string) => `packs: { tls-only: ${text} }`;
  it.each([
    ['an unknown rule', 'packs: { tls: { enforcement: advisory, stacks: [a], reason: b, until: 2030-01-01 } }'],
    ['no reason', entry('{ enforcement: advisory, stacks: [a], until: 2030-01-01 }')],
    ['no end', entry('{ enforcement: advisory, stacks: [a], reason: b }')],
    ['an end that is no day', entry('{ enforcement: advisory, stacks: [a], reason: b, until: spring }')],
    ['no stack', entry('{ enforcement: advisory, stacks: [], reason: b, until: 2030-01-01 }')],
    ['a level that does not exist', entry('{ enforcement: off, stacks: [a], reason: b, until: 2030-01-01 }')],
    ['no YAML', '{'],
  ])('is refused with %s', (_what, text) => {
    expect(() => parseWaivers(text)).toThrow(DeliveryError);
  });

  it('is none where policy.yaml says nothing of it', () => {
    expect(parseWaivers('schema: trireme.policy/1\n')).toEqual({});
  });
});

describe('what the engine says of a broken rule', () => {
  const event = (enforcementLevel: 'mandatory' | 'warning', message: string): EngineEvent => ({
    sequence: 1,
    timestamp: 1,
    policyEvent: {
      resourceUrn: 'urn:pulumi:azure-dev::trireme::azure-native:web:WebApp::site',
      message,
      color: 'raw',
      policyName: 'tls-only',
      policyPackName: 'trireme',
      policyPackVersion: '1',
      policyPackVersionTag: '1',
      enforcementLevel,
    },
  });
  const text =
    '<{%fg 13%}>httpsOnly: expected true; found false\nhow to mend it: set httpsOnly\nwhy: because https://x<{%reset%}>\n';

  it('is a refusal with rule, resource, expected, found and how to mend it', () => {
    const violation = violationOf(event('mandatory', text));
    const refusal = policyRefusal('azure-dev', violation === undefined ? [] : [violation]);
    expect(refusal).toMatchObject({
      code: 'refused',
      message: 'azure-dev: refused by the policy pack: tls-only, site: httpsOnly: expected true; found false',
    });
    expect(refusal?.hint).toContain('tls-only: set httpsOnly; or lower a rule');
  });

  it('is a warning where it is advisory', () => {
    const violation = violationOf(event('warning', text));
    const violations = violation === undefined ? [] : [violation, violation];
    expect(policyRefusal('azure-dev', violations)).toBeUndefined();
    expect(policyWarnings(violations)).toEqual(['tls-only, site: httpsOnly: expected true; found false']);
  });

  it('is nothing where the event is another', () => {
    expect(violationOf({ sequence: 1, timestamp: 1 })).toBeUndefined();
  });

  it('stands in the plan that is approved, and in its fingerprint', () => {
    const quiet = planOf('azure-dev', []);
    const warned = planOf('azure-dev', [], ['tls-only, site: a trial']);
    expect(quiet).not.toHaveProperty('warnings');
    expect(warned).toMatchObject({ warnings: ['tls-only, site: a trial'] });
    expect(warned.fingerprint).not.toBe(quiet.fingerprint);
    expect(planLines([warned], {}, 'rel-1').join('\n')).toContain('! policy  tls-only, site: a trial');
  });
});
