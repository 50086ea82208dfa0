// What a repository is set to, as REST routes: rulesets, variables, the subject of its OIDC tokens.
import { z } from 'zod';
import { environmentOf } from './environments.ts';
import { rulesetDocument } from './setting-documents.ts';
import { now, type Ruleset, type Variable } from './state.ts';
import { type Answer, GithubRefusal, notFound, page, type RepositoryAsked, type Route } from './wire.ts';

// https://docs.github.com/rest/repos/rules#create-a-repository-ruleset
const rulesetBody = z.object({
  name: z.string().min(1),
  target: z.enum(['branch', 'tag', 'push']).default('branch'),
  enforcement: z.enum(['disabled', 'active', 'evaluate']),
  bypass_actors: z.array(z.looseObject({ actor_type: z.string(), bypass_mode: z.string().optional() })).default([]),
  conditions: z
    .object({ ref_name: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }).optional() })
    .optional(),
  rules: z.array(z.looseObject({ type: z.string() })).default([]),
});
const variableBody = z.object({ name: z.string().regex(/^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*$/i), value: z.string() });
// https://docs.github.com/rest/actions/oidc#set-the-customization-template-for-an-oidc-subject-claim-for-a-repository
const oidcBody = z.object({
  use_default: z.boolean(),
  include_claim_keys: z.array(z.string().regex(/^\w+$/)).optional(),
  use_immutable_subject: z.boolean().optional(),
});

const home = '/repos/:owner/:repo';
const repositoryVariables = (asked: RepositoryAsked) => asked.repository.variables;
const environmentVariables = (asked: RepositoryAsked) => environmentOf(asked).variables;

export const settingRoutes: readonly Route[] = [
  ['GET', `${home}/rulesets`, ['metadata', 'read'], listRulesets],
  ['POST', `${home}/rulesets`, ['administration', 'write'], (asked) => ({ status: 201, body: keep(asked, undefined) })],
  ['GET', `${home}/rulesets/:ruleset`, ['metadata', 'read'], oneRuleset],
  [
    'PUT',
    `${home}/rulesets/:ruleset`,
    ['administration', 'write'],
    (asked) => ({ body: keep(asked, rulesetOf(asked)) }),
  ],
  ['DELETE', `${home}/rulesets/:ruleset`, ['administration', 'write'], removeRuleset],
  ...variableRoutes(`${home}/actions/variables`, 'actions', repositoryVariables),
  ...variableRoutes(`${home}/environments/:environment/variables`, 'actions', environmentVariables),
  ['GET', `${home}/actions/oidc/customization/sub`, ['actions', 'read'], readSubject],
  ['PUT', `${home}/actions/oidc/customization/sub`, ['administration', 'write'], writeSubject],
];

function rulesetOf({ repository, params }: RepositoryAsked): Ruleset {
  const found = repository.rulesets.get(Number(params.ruleset));
  if (found === undefined) throw notFound();
  return found;
}

function listRulesets({ repository, query }: RepositoryAsked): Answer {
  const all = [...repository.rulesets.values()];
  return { body: page(all, query).map((one) => rulesetDocument(repository, one, false)), total: all.length };
}

/** Who may pass the rules over is shown to those who may change them. */
function oneRuleset(asked: RepositoryAsked): Answer {
  const { repository, caller } = asked;
  const document = rulesetDocument(repository, rulesetOf(asked), true);
  if (caller.login !== undefined && repository.roles[caller.login] === 'admin') return { body: document };
  const { bypass_actors, ...rest } = document;
  return { body: rest };
}

function keep(asked: RepositoryAsked, earlier: Ruleset | undefined) {
  const document = asked.body(rulesetBody);
  const { repository } = asked;
  const same = [...repository.rulesets.values()].find((one) => one.document.name === document.name);
  if (same !== undefined && same !== earlier) throw new GithubRefusal(422, 'Name must be unique');
  const id = earlier?.id ?? asked.state.nextId();
  const kept = { id, document, createdAt: earlier?.createdAt ?? now(), updatedAt: now() };
  repository.rulesets.set(id, kept);
  return rulesetDocument(repository, kept, true);
}

function removeRuleset(asked: RepositoryAsked): Answer {
  asked.repository.rulesets.delete(rulesetOf(asked).id);
  return { status: 204 };
}

function variableRoutes(
  path: string,
  area: 'actions',
  shelfOf: (asked: RepositoryAsked) => Map<string, Variable>,
): readonly Route[] {
  const document = ({ name, value, createdAt, updatedAt }: Variable) => ({
    name,
    value,
    created_at: createdAt,
    updated_at: updatedAt,
  });
  const found = (asked: RepositoryAsked): Variable => {
    const variable = shelfOf(asked).get((asked.params.variable ?? '').toUpperCase());
    if (variable === undefined) throw notFound();
    return variable;
  };
  return [
    [
      'GET',
      path,
      [area, 'read'],
      (asked) => {
        const all = [...shelfOf(asked).values()];
        // Ten to a page, unlike every other list.
        return {
          body: { total_count: all.length, variables: page(all, asked.query, 10).map(document) },
          total: all.length,
        };
      },
    ],
    ['GET', `${path}/:variable`, [area, 'read'], (asked) => ({ body: document(found(asked)) })],
    [
      'POST',
      path,
      ['administration', 'write'],
      (asked) => {
        const { name, value } = asked.body(variableBody);
        const shelf = shelfOf(asked);
        if (shelf.has(name.toUpperCase())) throw new GithubRefusal(409, 'Already exists - Variable already exists');
        shelf.set(name.toUpperCase(), { name: name.toUpperCase(), value, createdAt: now(), updatedAt: now() });
        return { status: 201, body: {} };
      },
    ],
    [
      'PATCH',
      `${path}/:variable`,
      ['administration', 'write'],
      (asked) => {
        const variable = found(asked);
        variable.value = asked.body(variableBody.partial()).value ?? variable.value;
        variable.updatedAt = now();
        return { status: 204 };
      },
    ],
    [
      'DELETE',
      `${path}/:variable`,
      ['administration', 'write'],
      (asked) => {
        shelfOf(asked).delete(found(asked).name);
        return { status: 204 };
      },
    ],
  ];
}

/** The immutable form names owner and repository by their ids too, which a later owner of the same names does not get. */
function readSubject({ repository, state }: RepositoryAsked): Answer {
  const { useDefault, claims, immutable } = repository.oidc;
  const { owner, name, id } = repository;
  const prefix = immutable ? `repo:${owner}@${state.people.get(owner)?.id}/${name}@${id}` : `repo:${owner}/${name}`;
  return {
    body: {
      use_default: useDefault,
      ...(useDefault ? {} : { include_claim_keys: claims }),
      use_immutable_subject: immutable,
      sub_claim_prefix: prefix,
    },
  };
}

function writeSubject(asked: RepositoryAsked): Answer {
  const { use_default, include_claim_keys = [], use_immutable_subject } = asked.body(oidcBody);
  const { oidc } = asked.repository;
  asked.repository.oidc = {
    useDefault: use_default,
    claims: use_default ? [] : include_claim_keys,
    immutable: use_immutable_subject ?? oidc.immutable,
  };
  return { status: 201, body: {} };
}
