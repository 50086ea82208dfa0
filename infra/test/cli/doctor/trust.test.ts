import { describe, expect, it } from 'vitest';
import { judgeTrust } from '../../../cli/doctor/trust.ts';
import { githubConfig } from '../../../contract/github.ts';
import { type TrustedRepository, trustedRepository } from '../../../contract/service.ts';

const pinned = ['repo', 'context', 'job_workflow_ref'];
const stated = (stack: string, options: Partial<TrustedRepository> = {}) => ({
  stack,
  github: trustedRepository.parse({
    owner: 'acme',
    ownerId: '1001',
    repository: 'trireme',
    repositoryId: '2002',
    ...options,
  }),
});
const config = (oidcSubject?: string[]) => {
  const environments = { dev: {}, prod: {}, 'prod-plan': {}, 'prod-rollback': {} };
  return githubConfig.parse({
    owner: 'acme',
    repository: 'trireme',
    environments,
    variables: {},
    ...(oidcSubject === undefined ? {} : { oidcSubject }),
  });
};

describe('what foundations trust against what GitHub is told to write', () => {
  it.each([
    ['pinned', {}, pinned],
    ['the form without ids too', { legacySubject: true }, [...pinned, 'repository_id', 'repository_owner_id']],
    ['plain', { subjectForm: 'plain' }, undefined],
  ] satisfies [string, Partial<TrustedRepository>, string[] | undefined][])('agrees: %s', (_, options, template) => {
    expect(judgeTrust([stated('aws-foundation', options)], config(template)).map(({ outcome }) => outcome)).toEqual([
      'good',
    ]);
  });

  it.each([
    ['no template', {}, undefined, 'oidcSubject: [repo, context, job_workflow_ref]', 'GitHub’s default'],
    [
      'a template of the wrong form',
      { subjectForm: 'plain' },
      pinned,
      'oidcSubject: GitHub’s default',
      `[${pinned.join(', ')}]`,
    ],
    [
      'another order',
      {},
      ['context', 'repo', 'job_workflow_ref'],
      `oidcSubject: [${pinned.join(', ')}]`,
      '[context, repo, job_workflow_ref]',
    ],
    ['names in other capitals', { owner: 'Acme' }, pinned, 'acme/trireme', 'Acme/trireme'],
  ] satisfies [string, Partial<TrustedRepository>, string[] | undefined, string, string][])(
    'differs: %s',
    (_, options, template, expected, found) => {
      expect(judgeTrust([stated('gcp-foundation', options)], config(template))).toMatchObject([
        { subject: 'trust of gcp-foundation', outcome: 'fault', expected, found },
      ]);
    },
  );

  it('foundations disagree about who it is', () => {
    const both = [stated('aws-foundation'), stated('azure-foundation', { repositoryId: '2003' })];
    expect(judgeTrust(both, config(pinned))).toMatchObject([
      { subject: 'trust of aws-foundation', outcome: 'good' },
      { subject: 'trust of azure-foundation', outcome: 'fault', found: 'ids 1001 and 2003' },
    ]);
  });

  it('says nothing where no foundation trusts anybody, or the github stack is not filled in', () => {
    expect(judgeTrust([], config(pinned))).toEqual([]);
    expect(judgeTrust([stated('aws-foundation')], undefined)).toEqual([]);
  });
});
