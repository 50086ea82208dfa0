// What of Pulumi's own state each deploy identity may reach: the names of objects in the bucket, by environment. Every cloud's rights are rendered from here.
import type { DeployIdentity } from '../contract/service.ts';
import { clouds, everyStackName, foundationOf } from '../contract/stack.ts';
import { environmentOf } from './grants.ts';
import { project } from './names.ts';

/** Beginnings of objects' names, each of them ending where nothing of another stack can begin. */
export interface StateRights {
  /** Of the identity's own stacks: read, and by who deploys written. */
  readonly own: readonly string[];
  /** What stacks of every environment go by: read, and written by people alone. */
  readonly common: readonly string[];
}

/**
 * One backend for all environments, because a service stack refers to its foundation's, and one stack's objects lie apart from another's.
 * https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/backend.go (stacks, history, backups), lock.go beside it (locks);
 * a test has the real engine write them.
 */
export function stateRights(identity: DeployIdentity): StateRights {
  const environment = environmentOf(identity);
  const stacks = everyStackName.filter((name) => clouds.some((cloud) => name === `${cloud}-${environment}`));
  return {
    own: stacks.flatMap((stack) => [
      checkpointOf(stack),
      `.pulumi/backups/${project}/${stack}/`,
      `.pulumi/history/${project}/${stack}/`,
      `.pulumi/locks/organization/${project}/${stack}/`,
    ]),
    common: ['.pulumi/meta.yaml', ...clouds.map((cloud) => checkpointOf(foundationOf(cloud)))],
  };
}

/** Also of what the engine keeps beside it: `.json.bak`, `.json.gz`. */
function checkpointOf(stack: string): string {
  return `.pulumi/stacks/${project}/${stack}.json`;
}
