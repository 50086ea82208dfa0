// Cloud SQL of the emulated Google Cloud: instances with what is in them. No database runs: an address is all a service gets.
import { isRecord, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceContext, type ResourceModel } from '../engine/resource-model.ts';
import type { GcpProject } from './gcp-project.ts';
import { labelFaults } from './gcp-storage.ts';
import { oneOf, pattern, range } from './input-rule.ts';
import { type Shelf, storedResource } from './stored-resource.ts';

export function databaseInstance(project: GcpProject): ResourceModel {
  return storedResource({
    module: 'sql/databaseInstance',
    shelf: project.instances,
    naming: { property: 'name', style: 'dashed' },
    // https://www.pulumi.com/registry/packages/gcp/api-docs/sql/databaseinstance/
    replaceOnChanges: ['name', 'region', 'project', 'masterInstanceName'],
    replacesFrom: (olds, news) => (shrinks(olds, news) ? ['settings.diskSize'] : []),
    computed: ['project', 'region', 'maintenanceVersion'],
    validate: (inputs) => [
      // https://cloud.google.com/sql/docs/mysql/admin-api/rest/v1/instances
      ...pattern(inputs, 'name', /^(?=.{1,97}$)[a-z]([a-z0-9-]*[a-z0-9])?$/),
      ...pattern(inputs, 'databaseVersion', /^(MYSQL_(5_7|8_0|8_4)|POSTGRES_(9_6|1[0-8])|SQLSERVER_\d{4}_\w+)$/),
      ...pattern(
        inputs,
        'settings.tier',
        /^db-(f1-micro|g1-small|custom-\d+-\d+|(n1|perf-optimized|memory-optimized|c4a)-.+)$/,
      ),
      ...oneOf(inputs, 'settings.edition', ['ENTERPRISE', 'ENTERPRISE_PLUS']),
      ...oneOf(inputs, 'settings.availabilityType', ['ZONAL', 'REGIONAL']),
      ...oneOf(inputs, 'settings.diskType', ['PD_SSD', 'PD_HDD', 'HYPERDISK_BALANCED']),
      ...range(inputs, 'settings.diskSize', 10, 65_536),
      ...pattern(inputs, 'settings.backupConfiguration.startTime', /^([01]\d|2[0-3]):[0-5]\d$/),
      ...labelFaults(inputs, 'settings.userLabels'),
      ...settingsFaults(inputs),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: (id) =>
      `Error, failed to create instance ${id}: googleapi: Error 409: The Cloud SQL instance already exists., instanceAlreadyExists`,
    create(inputs, context, id) {
      const projectId = project.project(inputs, context);
      const region = text(inputs, 'region') ?? project.location(inputs, context);
      return {
        project: projectId,
        region,
        connectionName: `${projectId}:${region}:${id}`,
        selfLink: `https://sqladmin.googleapis.com/sql/v1beta4/projects/${projectId}/instances/${id}`,
        serviceAccountEmailAddress: `p123456789012-abcdef@gcp-sa-cloud-sql.iam.gserviceaccount.com`,
        instanceType: 'CLOUD_SQL_INSTANCE',
      };
    },
    derive: addressesOf,
    release(inputs, id) {
      if (inputs.deletionProtection !== false) {
        throw new CloudRefusal(
          'Error, failed to delete instance because deletion_protection is set to true. Set it to false to proceed with instance deletion',
        );
      }
      const { settings } = inputs;
      if (isRecord(settings) && settings.deletionProtectionEnabled === true) {
        throw new CloudRefusal(
          `Error, failed to delete instance ${id}: googleapi: Error 400: The instance is protected. Please disable the deletion protection and try again., invalidState`,
        );
      }
      for (const shelf of [project.databases, project.databaseUsers]) dropAll(shelf, id);
    },
  });
}

/** https://www.pulumi.com/registry/packages/gcp/api-docs/sql/databaseinstance/: also one that grew by itself is made anew with the size that is asked for. */
function shrinks({ settings: olds }: Properties, { settings: news }: Properties): boolean {
  if (!isRecord(olds) || !isRecord(news)) return false;
  const { diskSize: was } = olds;
  const { diskSize: size } = news;
  return typeof was === 'number' && typeof size === 'number' && size < was;
}

/** On the internet unless told otherwise, and in a network that is named. The first one is the public one where there is one. */
function addressesOf({ settings }: Properties): Properties {
  const { ipConfiguration = {} } = isRecord(settings) ? settings : {};
  const asked = isRecord(ipConfiguration) ? ipConfiguration : {};
  const own = asked.ipv4Enabled === false ? '' : '203.0.113.7';
  const inside = asked.privateNetwork === undefined ? '' : '10.77.0.3';
  return { publicIpAddress: own, privateIpAddress: inside, firstIpAddress: own === '' ? inside : own };
}

/** https://cloud.google.com/sql/docs/mysql/high-availability, https://cloud.google.com/sql/docs/postgres/editions-intro */
function settingsFaults(inputs: Properties): readonly InputFault[] {
  const { settings } = inputs;
  if (!isRecord(settings)) return [];
  const backup = isRecord(settings.backupConfiguration) ? settings.backupConfiguration : {};
  const mysql = text(inputs, 'databaseVersion')?.startsWith('MYSQL') === true;
  const regional = settings.availabilityType === 'REGIONAL';
  return [
    ...(settings.edition === 'ENTERPRISE_PLUS' && !/^db-perf-optimized/.test(text(settings, 'tier') ?? '')
      ? [
          {
            property: 'settings.tier',
            reason: `Invalid Tier (${text(settings, 'tier')}) for (ENTERPRISE_PLUS) Edition`,
          },
        ]
      : []),
    ...(regional && mysql && backup.binaryLogEnabled !== true
      ? [
          {
            property: 'settings.backupConfiguration',
            reason: 'a REGIONAL MySQL instance needs backups and a binary log',
          },
        ]
      : []),
    ...(regional && !mysql && backup.pointInTimeRecoveryEnabled !== true
      ? [{ property: 'settings.backupConfiguration', reason: 'a REGIONAL instance needs point-in-time recovery' }]
      : []),
    ...(!mysql && backup.binaryLogEnabled === true
      ? [{ property: 'settings.backupConfiguration.binaryLogEnabled', reason: 'a binary log is MySQL’s' }]
      : []),
  ];
}

export function database(project: GcpProject): ResourceModel {
  return inInstance(project, {
    module: 'sql/database',
    shelf: project.databases,
    collection: 'databases',
    replaceOnChanges: ['name', 'instance', 'project'],
    name: /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
    added: () => ({ charset: 'UTF8', collation: '' }),
  });
}

export function databaseUser(project: GcpProject): ResourceModel {
  return inInstance(project, {
    module: 'sql/user',
    shelf: project.databaseUsers,
    collection: 'users',
    replaceOnChanges: ['name', 'instance', 'project', 'host', 'type'],
    name: /^[A-Za-z0-9_.@-]{1,63}$/,
    added: () => ({ host: '' }),
  });
}

interface InInstance extends Pick<ResourceModel, 'module' | 'replaceOnChanges'> {
  readonly shelf: Shelf;
  readonly collection: string;
  readonly name: RegExp;
  added(): Properties;
}

/** What was told to stay goes with its instance. */
function inInstance(project: GcpProject, { shelf, collection, name, added, ...described }: InInstance): ResourceModel {
  const model = storedResource({
    ...described,
    shelf,
    naming: { property: 'name', style: 'dashed' },
    computed: ['project'],
    validate: (inputs) => [
      ...pattern(inputs, 'name', name),
      ...oneOf(inputs, 'deletionPolicy', ['ABANDON', 'DELETE', 'PREVENT']),
    ],
    idOf: (inputs: Properties, context: ResourceContext) =>
      `projects/${project.project(inputs, context)}/instances/${text(inputs, 'instance')}/${collection}/${text(inputs, 'name')}`,
    alreadyExists: (id) => `googleapi: Error 409: ${id} already exists, alreadyExists`,
    create(inputs, context) {
      const instance = text(inputs, 'instance') ?? '';
      if (project.instances.get(instance) === undefined) {
        throw new CloudRefusal('googleapi: Error 404: The Cloud SQL instance does not exist., instanceDoesNotExist');
      }
      return { project: project.project(inputs, context), ...added() };
    },
  });
  return {
    ...model,
    async delete(id, inputs, context) {
      if (inputs.deletionPolicy !== 'ABANDON') await model.delete(id, inputs, context);
    },
  };
}

function dropAll(shelf: Shelf, instance: string): void {
  for (const id of shelf.ids()) if (id.includes(`/instances/${instance}/`)) shelf.delete(id);
}
