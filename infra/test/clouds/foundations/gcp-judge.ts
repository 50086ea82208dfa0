// How Google Cloud decides about a service account's request, given the bindings that are in the projects: https://cloud.google.com/iam/docs/policies#evaluation
import { Environment } from '@marcbachmann/cel-js';
import { z } from 'zod';
import { accounts } from '../../../emulator/world.ts';
import { type Made, nameOf } from './made.ts';
import type { Actor } from './row.ts';

/** What conditions know of a resource; services that they do not know say nothing: https://cloud.google.com/iam/docs/conditions-resource-attributes */
export interface GcpResource {
  readonly service?: string;
  readonly type?: string;
  readonly name?: string;
}

export interface GcpAsk {
  readonly permission: string;
  readonly project: string;
  readonly resource?: GcpResource;
  /** Bindings on the thing itself: a service account's, a repository's, a bucket's name. */
  readonly at?: string;
  /** Roles that the request would give. */
  readonly gives?: readonly string[];
}

const binding = z.object({
  role: z.string(),
  member: z.string(),
  condition: z.object({ expression: z.string() }).optional(),
});

export function gcpMay(made: readonly Made[], by: Actor, ask: GcpAsk): boolean {
  const ofType = (type: string) => made.filter((one) => one.type === type);
  const account = ofType('gcp:serviceaccount/account:Account').find((one) => nameOf(one) === by);
  const roles = new Map(
    ofType('gcp:projects/iAMCustomRole:IAMCustomRole').map(({ id, inputs }) => [
      id,
      z.array(z.string()).parse(inputs.permissions),
    ]),
  );
  const bindings = made
    .filter(({ type, inputs }) => isAbout(type, inputs, ask))
    .map(({ inputs }) => binding.parse(inputs))
    .filter(({ member }) => member === account?.outputs.member);
  return bindings.some(({ role, condition }) => {
    const permissions = roles.get(role) ?? wellKnown[role] ?? [];
    return permissions.includes(ask.permission) && (condition === undefined || holds(condition.expression, ask));
  });
}

/** Of Google's own roles, those that an escalation begins with. */
const wellKnown: Readonly<Record<string, readonly string[]>> = {
  'roles/iam.serviceAccountTokenCreator': ['iam.serviceAccounts.getAccessToken'],
  'roles/iam.serviceAccountUser': ['iam.serviceAccounts.actAs'],
  'roles/storage.objectAdmin': ['storage.objects.create', 'storage.objects.delete', 'storage.objects.get'],
};

function isAbout(type: string, inputs: Made['inputs'], { project, at }: GcpAsk): boolean {
  const has = (key: string) => at !== undefined && String(inputs[key]).endsWith(at);
  switch (type) {
    case 'gcp:projects/iAMMember:IAMMember':
      return (inputs.project ?? accounts.gcp.project) === project;
    case 'gcp:serviceaccount/iAMMember:IAMMember':
      return has('serviceAccountId');
    case 'gcp:artifactregistry/repositoryIamMember:RepositoryIamMember':
      return has('repository');
    case 'gcp:storage/bucketIAMMember:BucketIAMMember':
      return has('bucket');
    default:
      return false;
  }
}

const cel = new Environment()
  .registerVariable('resource', 'map')
  .registerVariable('given', 'list')
  .registerFunction('string.extract(string): string', extract)
  .registerFunction('list.hasOnly(list): bool', (given: unknown[], allowed: unknown[]) =>
    given.every((one) => allowed.includes(one)),
  );

function holds(expression: string, { resource = {}, gives = [] }: GcpAsk): boolean {
  const { service = '', type = '', name = '' } = resource;
  // The one attribute that requests tell and resources don't.
  const asked = expression.replaceAll("api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', [])", 'given');
  return cel.evaluate(asked, { resource: { service, type, name }, given: [...gives] }) === true;
}

/** https://cloud.google.com/iam/docs/conditions-attribute-reference#extract: from the first place that fits to the next of what follows, or to the end. */
function extract(value: string, template: string): string {
  const [, before = '', after = ''] = /^([^{]*)\{[^}]*\}(.*)$/s.exec(template) ?? [];
  const from = value.indexOf(before);
  if (from === -1) return '';
  const rest = value.slice(from + before.length);
  if (after === '') return rest;
  const to = rest.indexOf(after);
  return to === -1 ? '' : rest.slice(0, to);
}
