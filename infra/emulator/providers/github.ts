// The emulated GitHub as Pulumi's `github` provider shows it: environments and their branch policies, variables, rulesets, the OIDC subject.
import { projected } from '../engine/input-diff.ts';
import { isRecord, type Properties, type Property, text } from '../engine/property.ts';
import {
  CloudRefusal,
  type ProviderDefinition,
  type ResourceContext,
  type ResourceModel,
} from '../engine/resource-model.ts';
import type { Handler } from '../world.ts';
import { call } from './control-plane.ts';
import { bypassActorsFrom, conditionsFrom, rulesFrom, rulesTo } from './github-rules.ts';
import { oneOf, pattern } from './input-rule.ts';

export interface GithubAccess {
  readonly handler: Handler;
  /** Used where the program's provider names none, as the real one takes it from the environment. */
  readonly token: string;
}

export function githubProvider(access: GithubAccess): ProviderDefinition {
  const variable = { type: 'github:index/actionsVariable:ActionsVariable', module: 'actionsVariable' };
  const scoped = {
    type: 'github:index/actionsEnvironmentVariable:ActionsEnvironmentVariable',
    module: 'actionsEnvironmentVariable',
  };
  const lookUp =
    (path: (args: Properties) => string) =>
    async (args: Properties, config: Properties): Promise<Properties> => {
      const {
        id,
        login = null,
        slug = null,
        node_id = '',
      } = await ask(access, config, 'GET', path({ ...config, ...args }));
      return { ...args, id: String(id), login, slug, nodeId: node_id };
    };
  return {
    name: 'github',
    npmPackage: '@pulumi/github',
    comparesWith: 'state',
    resources: {
      'github:index/repositoryEnvironment:RepositoryEnvironment': environment(access),
      'github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy': branchPolicy(access),
      [variable.type]: variables(access, variable.module, () => 'actions/variables'),
      [scoped.type]: variables(
        access,
        scoped.module,
        (inputs) => `environments/${text(inputs, 'environment')}/variables`,
      ),
      'github:index/repositoryRuleset:RepositoryRuleset': ruleset(access),
      'github:index/actionsRepositoryOidcSubjectClaimCustomizationTemplate:ActionsRepositoryOidcSubjectClaimCustomizationTemplate':
        oidcSubject(access),
    },
    functions: {
      'github:index/getUser:getUser': lookUp((args) => `/users/${text(args, 'username')}`),
      'github:index/getTeam:getTeam': lookUp((args) => `/orgs/${text(args, 'owner')}/teams/${text(args, 'slug')}`),
    },
  };
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** @throws CloudRefusal in GitHub's words; 404 too. */
async function ask(
  { handler, token }: GithubAccess,
  config: Properties,
  method: Method,
  url: string,
  body?: Properties,
): Promise<Properties> {
  const authorization = `Bearer ${text(config, 'token') ?? token}`;
  const answer = await call(handler, {
    method,
    url,
    headers: { authorization },
    ...(body === undefined ? {} : { body }),
  });
  if (answer.status < 400) return answer.body;
  const refusal = new CloudRefusal(
    `${method} https://api.github.com${url}: ${answer.status} ${text(answer.body, 'message')} []`,
  );
  throw Object.assign(refusal, { status: answer.status });
}

function home(inputs: Properties, { config }: ResourceContext): string {
  const owner = text(config, 'owner');
  if (owner === undefined) throw new CloudRefusal('missing required provider configuration: owner');
  return `/repos/${owner}/${text(inputs, 'repository')}`;
}

interface RestResource extends Pick<ResourceModel, 'module' | 'replaceOnChanges' | 'validate'> {
  /** The one request that makes or changes it. @returns the id. */
  write(inputs: Properties, context: ResourceContext, id: string | undefined): Promise<string>;
  /** As GitHub has it: inputs, and what it adds. */
  find(id: string, inputs: Properties, context: ResourceContext): Promise<{ inputs: Properties; added?: Properties }>;
  remove(id: string, inputs: Properties, context: ResourceContext): Promise<unknown>;
}

function restResource({ write, find, remove, ...described }: RestResource): ResourceModel {
  const gone = (error: unknown): undefined => {
    if (error instanceof CloudRefusal && 'status' in error && error.status === 404) return undefined;
    throw error;
  };
  const shown = async (id: string, inputs: Properties, context: ResourceContext): Promise<Properties> => {
    const { inputs: found, added = {} } = await find(id, inputs, context);
    return { ...added, ...inputs, ...projected(inputs, found) };
  };
  return {
    ...described,
    async create(inputs, context) {
      const id = await write(inputs, context, undefined);
      return { id, outputs: await shown(id, inputs, context) };
    },
    async read(id, inputs, context) {
      const found = await find(id, inputs, context).catch(gone);
      if (found === undefined) return undefined;
      const outputs = { ...found.added, ...found.inputs };
      return { outputs, inputs: Object.keys(inputs).length === 0 ? found.inputs : projected(inputs, found.inputs) };
    },
    async update(id, inputs, context) {
      await write(inputs, context, id);
      return shown(id, inputs, context);
    },
    delete: async (id, inputs, context) => void (await remove(id, inputs, context).catch(gone)),
  };
}

function environment(access: GithubAccess): ResourceModel {
  const path = (inputs: Properties, context: ResourceContext) =>
    `${home(inputs, context)}/environments/${text(inputs, 'environment')}`;
  return restResource({
    module: 'repositoryEnvironment',
    replaceOnChanges: ['repository', 'environment'],
    async write(inputs, context) {
      const { waitTimer = 0, preventSelfReview = false, canAdminsBypass = true, deploymentBranchPolicy } = inputs;
      await ask(access, context.config, 'PUT', path(inputs, context), {
        wait_timer: waitTimer,
        prevent_self_review: preventSelfReview,
        can_admins_bypass: canAdminsBypass,
        reviewers: reviewersTo(inputs.reviewers),
        deployment_branch_policy: isRecord(deploymentBranchPolicy)
          ? {
              protected_branches: deploymentBranchPolicy.protectedBranches ?? false,
              custom_branch_policies: deploymentBranchPolicy.customBranchPolicies ?? false,
            }
          : null,
      });
      return `${text(inputs, 'repository')}:${text(inputs, 'environment')}`;
    },
    async find(_id, inputs, context) {
      const found = await ask(access, context.config, 'GET', path(inputs, context));
      const rules = Array.isArray(found.protection_rules) ? found.protection_rules.filter(isRecord) : [];
      const required = rules.find(({ type }) => type === 'required_reviewers');
      const policy = found.deployment_branch_policy;
      return {
        inputs: {
          repository: inputs.repository ?? '',
          environment: found.name ?? '',
          canAdminsBypass: found.can_admins_bypass ?? true,
          preventSelfReview: required?.prevent_self_review ?? false,
          waitTimer: rules.find(({ type }) => type === 'wait_timer')?.wait_timer ?? 0,
          reviewers: reviewersFrom(required?.reviewers),
          ...(isRecord(policy)
            ? {
                deploymentBranchPolicy: {
                  protectedBranches: policy.protected_branches ?? false,
                  customBranchPolicies: policy.custom_branch_policies ?? false,
                },
              }
            : { deploymentBranchPolicy: null }),
        },
        added: { repositoryId: 1 },
      };
    },
    remove: (_id, inputs, context) => ask(access, context.config, 'DELETE', path(inputs, context)),
  });
}

function reviewersTo(value: Property | undefined): Property {
  const one = Array.isArray(value) && isRecord(value[0]) ? value[0] : {};
  const of = (type: 'User' | 'Team', ids: Property | undefined) =>
    (Array.isArray(ids) ? ids : []).map((id: Property) => ({ type, id: Number(id) }));
  return [...of('User', one.users), ...of('Team', one.teams)];
}

function reviewersFrom(value: Property | undefined): Property {
  const given = (Array.isArray(value) ? value : []).filter(isRecord);
  const ids = (wanted: string): readonly Property[] =>
    given.flatMap(({ type, reviewer }): readonly Property[] =>
      type === wanted && isRecord(reviewer) ? [reviewer.id ?? 0] : [],
    );
  return given.length === 0 ? [] : [{ users: ids('User'), teams: ids('Team') }];
}

function branchPolicy(access: GithubAccess): ResourceModel {
  const path = (inputs: Properties, context: ResourceContext) =>
    `${home(inputs, context)}/environments/${text(inputs, 'environment')}/deployment-branch-policies`;
  return restResource({
    module: 'repositoryEnvironmentDeploymentPolicy',
    replaceOnChanges: ['repository', 'environment', 'branchPattern', 'tagPattern'],
    async write(inputs, context) {
      const branch = text(inputs, 'branchPattern');
      const body = { name: branch ?? text(inputs, 'tagPattern') ?? '', type: branch === undefined ? 'tag' : 'branch' };
      const { id } = await ask(access, context.config, 'POST', path(inputs, context), body);
      return `${text(inputs, 'repository')}:${text(inputs, 'environment')}:${String(id)}`;
    },
    async find(id, inputs, context) {
      const { branch_policies } = await ask(access, context.config, 'GET', `${path(inputs, context)}?per_page=100`);
      const policyId = Number(id.split(':').at(-1));
      const all = (Array.isArray(branch_policies) ? branch_policies : []).filter(isRecord);
      const found = all.find((one) => one.id === policyId);
      if (found === undefined) throw Object.assign(new CloudRefusal('404 Not Found'), { status: 404 });
      const key = found.type === 'tag' ? 'tagPattern' : 'branchPattern';
      return { inputs: { ...inputs, [key]: found.name ?? '' }, added: { policyId, repositoryId: 1 } };
    },
    remove: (id, inputs, context) =>
      ask(access, context.config, 'DELETE', `${path(inputs, context)}/${id.split(':').at(-1)}`),
  });
}

function variables(access: GithubAccess, module: string, folder: (inputs: Properties) => string): ResourceModel {
  const path = (inputs: Properties, context: ResourceContext) => `${home(inputs, context)}/${folder(inputs)}`;
  const one = (inputs: Properties, context: ResourceContext) =>
    `${path(inputs, context)}/${text(inputs, 'variableName')}`;
  return restResource({
    module,
    replaceOnChanges: ['repository', 'environment', 'variableName'],
    validate: (inputs) => pattern(inputs, 'variableName', /^(?!GITHUB_)[A-Za-z_][A-Za-z0-9_]*$/),
    async write(inputs, context, id) {
      const body = { name: text(inputs, 'variableName') ?? '', value: text(inputs, 'value') ?? '' };
      if (id === undefined) await ask(access, context.config, 'POST', path(inputs, context), body);
      else await ask(access, context.config, 'PATCH', one(inputs, context), body);
      return [inputs.repository, inputs.environment, inputs.variableName].filter(Boolean).join(':');
    },
    async find(_id, inputs, context) {
      const {
        value = '',
        created_at = '',
        updated_at = '',
      } = await ask(access, context.config, 'GET', one(inputs, context));
      return { inputs: { ...inputs, value }, added: { createdAt: created_at, updatedAt: updated_at, repositoryId: 1 } };
    },
    remove: (_id, inputs, context) => ask(access, context.config, 'DELETE', one(inputs, context)),
  });
}

function ruleset(access: GithubAccess): ResourceModel {
  const path = (inputs: Properties, context: ResourceContext) => `${home(inputs, context)}/rulesets`;
  return restResource({
    module: 'repositoryRuleset',
    replaceOnChanges: ['repository', 'target'],
    validate: (inputs) => [
      ...oneOf(inputs, 'target', ['branch', 'tag', 'push']),
      ...oneOf(inputs, 'enforcement', ['disabled', 'active', 'evaluate']),
    ],
    async write(inputs, context, id) {
      const body: Properties = {
        name: inputs.name ?? 'ruleset',
        target: inputs.target ?? 'branch',
        enforcement: inputs.enforcement ?? 'active',
        bypass_actors: [],
        conditions: conditionsFrom(inputs.conditions),
        rules: rulesTo(inputs.rules),
      };
      const [method, url] =
        id === undefined
          ? (['POST', path(inputs, context)] as const)
          : (['PUT', `${path(inputs, context)}/${id}`] as const);
      return String((await ask(access, context.config, method, url, body)).id);
    },
    async find(id, inputs, context) {
      const found = await ask(access, context.config, 'GET', `${path(inputs, context)}/${id}`);
      const { name = '', target = '', enforcement = '', node_id = '' } = found;
      return {
        inputs: {
          ...inputs,
          name,
          target,
          enforcement,
          conditions: conditionsFrom(found.conditions),
          rules: rulesFrom(found.rules),
          ...(bypassActorsFrom(found.bypass_actors).length > 0
            ? { bypassActors: bypassActorsFrom(found.bypass_actors) }
            : {}),
        },
        added: { rulesetId: Number(id), nodeId: node_id, etag: '' },
      };
    },
    remove: (id, inputs, context) => ask(access, context.config, 'DELETE', `${path(inputs, context)}/${id}`),
  });
}

function oidcSubject(access: GithubAccess): ResourceModel {
  const path = (inputs: Properties, context: ResourceContext) =>
    `${home(inputs, context)}/actions/oidc/customization/sub`;
  return restResource({
    module: 'actionsRepositoryOidcSubjectClaimCustomizationTemplate',
    replaceOnChanges: ['repository'],
    async write(inputs, context) {
      const body: Properties =
        inputs.useDefault === true
          ? { use_default: true }
          : { use_default: false, include_claim_keys: inputs.includeClaimKeys ?? [] };
      await ask(access, context.config, 'PUT', path(inputs, context), body);
      return text(inputs, 'repository') ?? '';
    },
    async find(_id, inputs, context) {
      const found = await ask(access, context.config, 'GET', path(inputs, context));
      const { use_default = true, include_claim_keys = [] } = found;
      return { inputs: { ...inputs, useDefault: use_default, includeClaimKeys: include_claim_keys } };
    },
    remove: (_id, inputs, context) => ask(access, context.config, 'PUT', path(inputs, context), { use_default: true }),
  });
}
