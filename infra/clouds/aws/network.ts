// What `network` means in a stack file on AWS: the names of an existing VPC, its private subnets, and the security groups the service acts as.
import { z } from 'zod';
import type { ServiceConfig } from '../../contract/service.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
const idOf = (kind: 'vpc' | 'subnet' | 'sg') =>
  z.string().regex(new RegExp(`^${kind}-([0-9a-f]{8}|[0-9a-f]{17})$`), `expected an id, ${kind}-…`);

const awsNetwork = z.strictObject({
  vpc: idOf('vpc'),
  /** In two availability zones at least, as a database needs. */
  subnets: z.array(idOf('subnet')).min(2, 'expected two subnets at least, in different availability zones'),
  securityGroups: z.array(idOf('sg')).min(1, 'expected one security group at least'),
});
export type AwsNetwork = z.infer<typeof awsNetwork>;

/** `undefined` where the stack names none. Call it on a checked configuration only. */
export function networkOf({ network }: Pick<ServiceConfig, 'network'>): AwsNetwork | undefined {
  if (Object.keys(network).length === 0) return undefined;
  const { vpc, subnets, securityGroups } = awsNetwork.parse(network);
  return { vpc, subnets: [...subnets].sort(), securityGroups: [...securityGroups].sort() };
}

/** Every fault of the keys that lean on the network, as `<key>: expected …; found …`. */
export function networkFaults(config: Pick<ServiceConfig, 'network' | 'database'>): string[] {
  const named = Object.keys(config.network).length > 0;
  if (!named) {
    if (config.database === undefined) return [];
    return ['network: expected vpc, subnets and securityGroups, for the database to live in; found none'];
  }
  const parsed = awsNetwork.safeParse(config.network);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) => `${['network', ...issue.path].join('.')}: ${wordsFor(issue, config)}`);
}

function wordsFor(issue: z.core.$ZodIssue, { network }: Pick<ServiceConfig, 'network'>): string {
  if (issue.code === 'unrecognized_keys') return `expected only vpc, subnets and securityGroups; found ${issue.keys}`;
  const [key = ''] = issue.path;
  const found = network[String(key)];
  const expected = /^expected/.test(issue.message) ? issue.message : 'expected a value of another kind';
  return `${expected}; found ${found === undefined ? 'none' : JSON.stringify(found)}`;
}
