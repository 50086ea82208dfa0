// What a service stack takes from AWS's foundation: that of its own environment where environments have accounts of their own.
import { type Output, output } from '@pulumi/pulumi';
import type { PredictionServiceArgs } from '../../contract/service.ts';

type Needs = Pick<PredictionServiceArgs, 'stack' | 'foundation'>;

/** The role the platform pulls the image with. */
export function pullIdentityOf({ stack, foundation }: Needs): Output<string> {
  return output([foundation.pullIdentity, foundation.details] as const).apply(
    ([shared, details]) => details[`pullIdentity.${stack.environment}`] ?? shared,
  );
}

/** ARN of the topic whose subscribers are woken; `undefined`: nobody is. Alarms and topics have to be in the same region. */
export function alarmChannelOf(needs: Needs, region?: 'us-east-1'): Output<string | undefined> {
  return detailOf(needs, region === undefined ? 'alarmChannel' : `alarmChannel.${region}`);
}

/** ARN of the policy that no role of the stack goes beyond; there where GitHub deploys. */
export function permissionsBoundaryOf(needs: Needs): Output<string | undefined> {
  return detailOf(needs, 'permissionsBoundary');
}

function detailOf({ stack, foundation }: Needs, name: string): Output<string | undefined> {
  return output(foundation.details).apply(
    (details): string | undefined => details[`${name}.${stack.environment}`] ?? details[name],
  );
}
