// What a person needs to go on with emulated clouds that were left running: endpoints to call, and plain Pulumi.
import { preparePlainPulumi } from '../cli/plain-pulumi.ts';
import { startPageServer } from './page-server.ts';
import type { Stage } from './stage.ts';

export async function keepWords(stage: Stage): Promise<string> {
  const { checkout, environment } = stage;
  const { signal } = new AbortController();
  const { activate } = await preparePlainPulumi(environment, () => {}, signal);
  const [prod] = await stage.endpoints('prod');
  const [cloud] = stage.clouds;
  const page = await startPageServer(checkout.root, environment.shell);
  const call =
    prod === undefined
      ? []
      : [
          `  curl -s ${prod.endpoint}/predict -H 'content-type: application/json' -d '${await stage.samplePrediction()}'`,
        ];
  return [
    '',
    'The emulated clouds go on running. Call them:',
    ...(await stage.endpoints('prod')).map(({ stack, endpoint }) => `  ${stack.padEnd(11)} ${endpoint}`),
    ...call,
    ...(page === undefined
      ? []
      : ['What waits, what runs where and why, made again from the ledger when you look:', `  ${page}`]),
    'Every verb works on them from the checkout of the rehearsal:',
    `  cd ${checkout.root}`,
    '  npx trireme status',
    'and so does plain Pulumi:',
    `  source ${activate}`,
    `  pulumi preview -s ${cloud}-dev`,
    'Stop them:',
    '  npx trireme emulator down',
  ].join('\n');
}
