// Before any test: the Pulumi CLI, found or obtained, because building it takes minutes that no test should be waiting for.
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '../cli/environment.ts';
import { findInstallation } from '../cli/plain-pulumi.ts';

export default async function installPulumi(): Promise<void> {
  const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
  const environment = await readEnvironment(() => {}, process.env, checkout);
  await findInstallation(environment, ({ message }) => process.stderr.write(`${message}\n`));
}
