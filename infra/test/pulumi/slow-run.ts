// A deployment whose vendor takes half a minute, in a process of its own, so that a test can interrupt or kill it.
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryError } from '../../contract/errors.ts';
import { parseStack } from '../../contract/stack.ts';
import { checkoutInstallation, release, tinyDeployer } from './tiny-deployer.ts';

const [checkout = '', seconds = '30'] = process.argv.slice(2);
const { command } = await checkoutInstallation();
const controller = new AbortController();
process.on('SIGTERM', () => controller.abort());
const slowly = async () => {
  process.stdout.write('started\n');
  await sleep(Number(seconds) * 1000);
  return undefined;
};
const { deployer, stop } = await tinyDeployer({ checkout, command, vendor: { create: slowly, update: slowly } });
try {
  const request = { manifest: release(2), stage: 'live' as const };
  const { outcome } = await deployer.deploy(parseStack('gcp-dev'), request, { signal: controller.signal });
  process.stdout.write(`${outcome}\n`);
} catch (error) {
  process.stdout.write(`${error instanceof DeliveryError ? error.code : String(error)}\n`);
} finally {
  stop();
}
