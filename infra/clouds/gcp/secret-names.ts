// Whose a secret is on Google Cloud, by its name: where environments share a project, their rights end there.
import type { Environment } from '../../contract/stack.ts';
import { serviceName } from '../names.ts';

/** `trireme-prod-`: how names begin that no other environment's deployer has any right on. */
export function ownSecrets(environment: Environment): string {
  return `${serviceName({ environment })}-`;
}

/** `<secret>` or `<secret>:<version>`; a pinned version makes a rotation a deployment, as it should be. */
export function secretVersion(named: string): { secret: string; version: string } {
  const [secret = named, version = 'latest'] = named.split(':');
  return { secret, version };
}
