// Reads what GitHub really has, for the doctor: each part by itself, so that one that may not be read hides no other.
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { readGuard } from './approvals.ts';
import type { GithubClient } from './client.ts';
import type { GuardEvidence } from './gate.ts';

// https://docs.github.com/rest/repos/repos#get-a-repository
const repositoryAnswer = z.object({ private: z.boolean(), owner: z.object({ login: z.string(), type: z.string() }) });
const organisationAnswer = z.object({ plan: z.object({ name: z.string() }).optional() });
const environmentsAnswer = z.object({ environments: z.array(z.object({ name: z.string() })) });
const variablesAnswer = z.object({ variables: z.array(z.object({ name: z.string() })) });
const rulesetsAnswer = z.array(z.object({ id: z.number() }));
// https://docs.github.com/rest/repos/rules#get-a-repository-ruleset
const rulesetAnswer = z.object({
  name: z.string(),
  target: z.string().optional(),
  enforcement: z.string(),
  conditions: z
    .object({ ref_name: z.object({ include: z.array(z.string()), exclude: z.array(z.string()) }).optional() })
    .nullish(),
  rules: z.array(z.object({ type: z.string() })).optional(),
  /** Shown to those who may change it. */
  bypass_actors: z.array(z.unknown()).nullish(),
});
export type RulesetAnswer = z.infer<typeof rulesetAnswer>;
// https://docs.github.com/rest/actions/oidc#get-the-customization-template-for-an-oidc-subject-claim-for-a-repository
const subjectAnswer = z.object({
  use_default: z.boolean(),
  include_claim_keys: z.array(z.string()).optional(),
  use_immutable_subject: z.boolean().optional(),
  sub_claim_prefix: z.string().optional(),
});
export type SubjectAnswer = z.infer<typeof subjectAnswer>;

export interface GithubReality {
  readonly private: boolean;
  readonly ownerType: string;
  /** `undefined`: not told to this token. */
  readonly plan: string | undefined;
  readonly environments: readonly GuardEvidence[];
  /** Environment to the names of its variables; '' for the repository's own. Absent: may not be read. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  readonly rulesets: readonly RulesetAnswer[];
  readonly subject: SubjectAnswer | undefined;
}

/** @throws DeliveryError when the repository itself can't be read. */
export async function inspect(github: GithubClient): Promise<GithubReality> {
  const repository = await github.get('', repositoryAnswer);
  const { login, type } = repository.owner;
  const [organisation, listed, rulesets, subject] = await Promise.all([
    type === 'Organization' ? readable(github.find(`/orgs/${login}`, organisationAnswer)) : undefined,
    github.all('environments', environmentsAnswer, ({ environments }) => environments),
    github.all('rulesets', rulesetsAnswer, (page) => page),
    readable(github.find('actions/oidc/customization/sub', subjectAnswer)),
  ]);
  const names = listed.map(({ name }) => name);
  const folders = [
    ['', 'actions/variables'],
    ...names.map((name) => [name, `environments/${encodeURIComponent(name)}/variables`]),
  ];
  const variables = await Promise.all(
    folders.map(async ([name = '', path = '']) => {
      const found = await readable(github.all(path, variablesAnswer, (page) => page.variables));
      return found === undefined ? [] : [[name, found.map((one) => one.name)] as const];
    }),
  );
  return {
    private: repository.private,
    ownerType: type,
    plan: organisation?.plan?.name,
    environments: await Promise.all(names.map((name) => readGuard(github, name))),
    variables: Object.fromEntries(variables.flat()),
    rulesets: await Promise.all(rulesets.map(({ id }) => github.get(`rulesets/${id}`, rulesetAnswer))),
    subject,
  };
}

async function readable<T>(answer: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DeliveryError && error.code === 'refused') return undefined;
    throw error;
  }
}

/**
 * The subject that a token of a job in that environment carries: what cloud roles have to trust.
 * https://docs.github.com/actions/reference/security/oidc
 */
export function subjectFor(
  repository: string,
  environment: string,
  workflow: string,
  { use_default, include_claim_keys = [], sub_claim_prefix }: SubjectAnswer,
): string {
  const home = sub_claim_prefix ?? `repo:${repository}`;
  const context = `environment:${environment}`;
  if (use_default) return `${home}:${context}`;
  const values: Readonly<Record<string, string>> = {
    repo: home,
    context,
    job_workflow_ref: `job_workflow_ref:${repository}/.github/workflows/${workflow}@refs/heads/main`,
  };
  // A colon inside a value would look like the next claim.
  return include_claim_keys.map((key) => values[key] ?? `${key}:…`).join(':');
}
