// The policy pack as a process of its own, for whoever types `pulumi preview --policy-pack …`: `pack` beside it starts this.
import { PolicyPack } from '@pulumi/policy';
import { DeliveryError } from '../contract/errors.ts';
import { packName, policiesFor } from './pack.ts';
import { readWaivers } from './waivers.ts';

const [policyFile = '../policy.yaml'] = process.argv.slice(2);

try {
  const waivers = await readWaivers(policyFile);
  // `@pulumi/policy` serves it, and reads its version from the package.json of the working directory.
  new PolicyPack(packName, {
    description: 'What trireme refuses to put into a cloud',
    policies: policiesFor({ waivers, now: Date.now, unknownIs: 'advisory' }),
  });
} catch (error) {
  if (!(error instanceof DeliveryError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
