// What the workflows need of GitHub, read from their files: environments by name, and the variables that jobs see there. Pure.
import { parse } from 'yaml';
import { z } from 'zod';
import { githubEnvironments } from '../../contract/github.ts';
import type { Cloud } from '../../contract/stack.ts';
import { fault, good, type Judged } from './finding.ts';

export interface WorkflowFile {
  /** `promote.yml`, or `actions/login` for a composite action. */
  readonly name: string;
  readonly text: string;
}

export interface Needs {
  /** Environment to the variables that its jobs read; '' for jobs outside any environment. */
  readonly variables: Readonly<Record<string, readonly string[]>>;
  /** Environments by literal name, with the workflows that name them. */
  readonly environments: Readonly<Record<string, readonly string[]>>;
  /** `promote.yml: deploy`, whose environment is an expression. */
  readonly templated: readonly string[];
}

const environmentName = z.union([z.string(), z.object({ name: z.string() }).transform(({ name }) => name)]);
const step = z.looseObject({ uses: z.string().optional(), if: z.unknown().optional() });
const workflow = z.looseObject({
  jobs: z.record(
    z.string(),
    z.looseObject({ environment: environmentName.optional(), steps: z.array(step).optional() }),
  ),
});
const action = z.looseObject({ runs: z.looseObject({ steps: z.array(step).optional() }) });

/** @param clouds with stack files: what a composite action reads for another cloud is not needed. */
export function needsOf(files: readonly WorkflowFile[], clouds: readonly Cloud[]): Needs {
  const actions = new Map(
    files
      .filter(({ name }) => name.startsWith('actions/'))
      .map(({ name, text }) => [`./.github/${name}`, variablesOfAction(text, clouds)]),
  );
  const environments: Record<string, readonly string[]> = {};
  const variables: Record<string, Set<string>> = {};
  const templated: string[] = [];
  for (const { name, text } of files.filter((file) => !file.name.startsWith('actions/'))) {
    for (const [id, job] of Object.entries(workflow.parse(parse(text)).jobs)) {
      const { environment = '' } = job;
      if (environment.includes('${{')) {
        templated.push(`${name}: ${id}`);
        continue;
      }
      if (environment !== '') environments[environment] = [...(environments[environment] ?? []), name];
      const own = [...JSON.stringify(job).matchAll(/\bvars\.([A-Z_][A-Z0-9_]*)/g)].map(([, variable = '']) => variable);
      const called = (job.steps ?? []).flatMap(({ uses = '' }) => actions.get(uses) ?? []);
      const needed = [...own, ...called].filter((variable) => concerns(variable, clouds));
      if (needed.length > 0) variables[environment] = new Set([...(variables[environment] ?? []), ...needed]);
    }
  }
  return {
    environments: Object.fromEntries(Object.entries(environments).map(([name, by]) => [name, [...new Set(by)]])),
    variables: Object.fromEntries(Object.entries(variables).map(([name, set]) => [name, [...set].sort()])),
    templated,
  };
}

function variablesOfAction(text: string, clouds: readonly Cloud[]): readonly string[] {
  return (action.parse(parse(text)).runs.steps ?? [])
    .filter(({ if: condition }) => {
      const cloud = /'(aws|gcp|azure)'/.exec(String(condition ?? ''))?.[1];
      return cloud === undefined || clouds.some((one) => one === cloud);
    })
    .flatMap((one) =>
      [...JSON.stringify(one).matchAll(/inputs\.variables\)\.([A-Z_][A-Z0-9_]*)/g)].map(([, name = '']) => name),
    );
}

/** A variable that begins with a cloud's name is that cloud's. */
function concerns(variable: string, clouds: readonly Cloud[]): boolean {
  const cloud = /^(AWS|GCP|AZURE)_/.exec(variable)?.[1]?.toLowerCase();
  return cloud === undefined || clouds.some((one) => one === cloud);
}

export function judgeWorkflows({ environments, templated }: Needs): readonly Judged[] {
  const known: readonly string[] = githubEnvironments;
  const unknown = Object.entries(environments).filter(([name]) => !known.includes(name));
  const faults = [
    ...templated.map((where) =>
      fault(
        where,
        'an environment by its name',
        'an expression',
        'write the name out: GitHub makes any name it is given, unprotected',
      ),
    ),
    ...unknown.map(([name, by]) =>
      fault(`environment ${name}`, known.join(', '), `named in ${by.join(', ')}`, 'correct the name in the workflow'),
    ),
  ];
  return faults.length > 0 ? faults : [good('environments', Object.keys(environments).sort().join(', '))];
}
