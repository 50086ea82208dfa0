// Identity and access of the emulated Google Cloud: service accounts, custom roles, and members of roles on whatever has a policy.
import { createHash, randomInt } from 'node:crypto';
import { isList, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import type { GcpProject } from './gcp-project.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function serviceAccount(project: GcpProject): ResourceModel {
  const email = (inputs: Properties, context: ResourceContext) =>
    project.email(text(inputs, 'accountId') ?? '', project.project(inputs, context));
  return storedResource({
    module: 'serviceaccount/account',
    shelf: project.serviceAccounts,
    naming: { property: 'accountId', style: 'dashed' },
    replaceOnChanges: ['accountId', 'project'],
    computed: ['project'],
    validate: (inputs) => [
      // https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/create
      ...pattern(inputs, 'accountId', /^(?=.{6,30}$)[a-z]([-a-z0-9]*[a-z0-9])$/),
      ...pattern(inputs, 'displayName', /^.{0,100}$/),
    ],
    idOf: (inputs, context) => `projects/${project.project(inputs, context)}/serviceAccounts/${email(inputs, context)}`,
    alreadyExists: (id) =>
      `Error creating service account: googleapi: Error 409: Service account ${lastStep(id).split('@')[0]} already exists within project ${id.split('/')[1]}., alreadyExists`,
    create: (inputs, context, id) => ({
      email: email(inputs, context),
      member: `serviceAccount:${email(inputs, context)}`,
      name: id,
      project: project.project(inputs, context),
      uniqueId: String(randomInt(2 ** 47)).padStart(21, '1'),
    }),
  });
}

export interface GrantTarget {
  readonly module: string;
  /** The path of what the role is granted on. */
  targetOf(inputs: Properties, context: ResourceContext): string;
  exists(target: string): boolean | Promise<boolean>;
}

/** One member of one role on one thing. */
export function iamMember(project: GcpProject, target: GrantTarget): ResourceModel {
  return storedResource({
    module: target.module,
    shelf: project.members,
    replaceOnChanges: [
      'role',
      'member',
      'project',
      'location',
      'repository',
      'name',
      'secretId',
      'bucket',
      'serviceAccountId',
      'condition',
    ],
    computed: ['project', 'location'],
    validate: (inputs) => [
      // https://cloud.google.com/iam/docs/principal-identifiers
      ...pattern(
        inputs,
        'member',
        /^(allUsers|allAuthenticatedUsers|(user|group|domain|serviceAccount|project(Owner|Editor|Viewer)|principal|principalSet):.+)$/,
      ),
      ...pattern(inputs, 'role', /^(roles\/|projects\/[^/]+\/roles\/|organizations\/[^/]+\/roles\/).+$/),
    ],
    idOf(inputs, context) {
      const condition = text(inputs.condition, 'title');
      const path = `${target.targetOf(inputs, context)}/${text(inputs, 'role')}/${text(inputs, 'member')}`;
      return condition === undefined ? path : `${path}/${condition}`;
    },
    alreadyExists: (id) => `the member ${id} already exists`,
    async create(inputs, context) {
      const path = target.targetOf(inputs, context);
      if (!(await target.exists(path))) throw notFound(path);
      project.requireMember(text(inputs, 'member') ?? '');
      requireRole(project, text(inputs, 'role') ?? '');
      return {
        project: project.project(inputs, context),
        etag: createHash('sha256').update(path).digest('base64').slice(0, 12),
      };
    },
  });
}

/** A role of one's own has to exist, and not to be deleted. */
function requireRole(project: GcpProject, role: string): void {
  if (!role.startsWith('projects/') || project.roles.get(role) !== undefined) return;
  throw new CloudRefusal(
    `googleapi: Error 400: Role (${role}) does not exist in the resource's hierarchy., badRequest`,
  );
}

/** A deleted role keeps its id for a month, and the provider takes it back: https://cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role */
export function customRole(project: GcpProject): ResourceModel {
  return storedResource({
    module: 'projects/iamcustomRole',
    shelf: project.roles,
    naming: { property: 'roleId', style: 'plain' },
    replaceOnChanges: ['roleId', 'project'],
    computed: ['project'],
    validate: (inputs) => [
      // https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles/create
      ...pattern(inputs, 'roleId', /^[a-zA-Z0-9_.]{3,64}$/),
      ...pattern(inputs, 'title', /^.{1,100}$/),
      ...oneOf(inputs, 'stage', ['ALPHA', 'BETA', 'GA', 'DEPRECATED', 'DISABLED', 'EAP']),
      ...(isList(inputs.permissions) ? inputs.permissions : []).flatMap((one, index) =>
        typeof one !== 'string' || /^[a-z][a-z0-9]*(\.[A-Za-z0-9]+){2,}$/.test(one)
          ? []
          : [{ property: `permissions[${index}]`, reason: `expected a permission, found "${one}"` }],
      ),
    ],
    idOf: (inputs, context) => `projects/${project.project(inputs, context)}/roles/${text(inputs, 'roleId')}`,
    alreadyExists: (id) => `Custom project role ${id} already exists and must be imported`,
    create: (inputs, context, id) => ({ name: id, project: project.project(inputs, context), deleted: false }),
  });
}

function notFound(name: string): CloudRefusal {
  return new CloudRefusal(`googleapi: Error 404: Resource '${lastStep(name)}' was not found: ${name}, notFound`);
}

function lastStep(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
