// What people's requests met on ECS Express Mode, from its balancer's target groups in CloudWatch:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import { DescribeExpressGatewayServiceCommand, DescribeServiceRevisionsCommand } from '@aws-sdk/client-ecs';
import type { Traffic, TrafficReader } from '../../../contract/ports.ts';
import type { Connection } from '../../connection.ts';
import { Unanswered } from '../../polling.ts';
import { metricsOf, type Period, readMetrics, sumOf, wholePeriods } from '../../traffic.ts';
import { answerMilliseconds, type MetricData, readMetricData, unanswered, valuesById } from '../cloudwatch.ts';
import { arnOf, ecsClient, serviceNameOf } from './client.ts';
import { ecsExpress } from './runtime.ts';

/**
 * Rights it needs: `cloudwatch:GetMetricData`, `ecs:DescribeExpressGatewayService`, `ecs:DescribeServiceRevisions`.
 * Requests that the balancer answers by itself, because no task is there, are counted for the balancer alone, which other services share:
 * they are not among these.
 * @param controlPlane where ECS answers: it alone knows the names of its balancer's parts.
 */
export function ecsExpressTraffic(connection: Connection, controlPlane: () => Connection): TrafficReader {
  const { periodSeconds, lateSeconds } = metricsOf(ecsExpress, connection);
  return {
    lateSeconds,
    read: ({ coordinates }, fromMs, toMs) =>
      readMetrics(ecsExpress.product, 'cloudwatch:GetMetricData and ecs:DescribeServiceRevisions', async () => {
        const serviceArn = arnOf(coordinates);
        const place = { region: serviceNameOf(serviceArn).region, endpoint: connection.endpoint };
        const parts = await balancerOf(serviceArn, controlPlane().endpoint);
        const span = wholePeriods(fromMs, toMs, periodSeconds);
        return trafficIn(await readMetricData(place, queriesFor(parts, periodSeconds), span));
      }),
  };
}

/** As CloudWatch's dimensions name them. */
export interface Balancer {
  /** `app/<name>/<id>`. */
  readonly loadBalancer: string;
  /** `targetgroup/<name>/<id>`: two, which take turns. */
  readonly targetGroups: readonly string[];
}

async function balancerOf(serviceArn: string, endpoint: string | undefined): Promise<Balancer> {
  const client = ecsClient(serviceArn, endpoint);
  const options = { abortSignal: AbortSignal.timeout(answerMilliseconds) };
  try {
    const { service } = await client.send(new DescribeExpressGatewayServiceCommand({ serviceArn }), options);
    const revision = service?.activeConfigurations?.[0]?.serviceRevisionArn;
    if (revision === undefined) throw new Unanswered('the service has no active revision', { passing: true });
    const command = new DescribeServiceRevisionsCommand({ serviceRevisionArns: [revision] });
    const { serviceRevisions } = await client.send(command, options);
    const [path] = serviceRevisions?.[0]?.ecsManagedResources?.ingressPaths ?? [];
    const loadBalancer = path?.loadBalancer?.arn?.split(':loadbalancer/')[1];
    const targetGroups = (path?.targetGroups ?? []).flatMap(({ arn }) => arn?.split(':').at(-1) ?? []);
    if (loadBalancer === undefined || targetGroups.length === 0) {
      throw new Unanswered('the service has no load balancer yet', { passing: true });
    }
    return { loadBalancer, targetGroups };
  } catch (error) {
    throw unanswered(error);
  } finally {
    client.destroy();
  }
}

const asked = {
  requests: { MetricName: 'RequestCount', Stat: 'Sum' },
  errors: { MetricName: 'HTTPCode_Target_5XX_Count', Stat: 'Sum' },
  latency: { MetricName: 'TargetResponseTime', Stat: 'Average' },
} as const;

/** Ids such as `errors0`: the number is the target group's. */
export function queriesFor({ loadBalancer, targetGroups }: Balancer, Period: number): MetricDataQuery[] {
  return targetGroups.flatMap((targetGroup, group) => {
    const Dimensions = [
      { Name: 'LoadBalancer', Value: loadBalancer },
      { Name: 'TargetGroup', Value: targetGroup },
    ];
    return Object.entries(asked).map(([id, { MetricName, Stat }]) => ({
      Id: `${id}${group}`,
      MetricStat: { Metric: { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions }, Period, Stat },
    }));
  });
}

/**
 * For each target group three lists of timestamps with values, joined by the time: a minute without a 5xx has no such value. Latency is in
 * seconds. @throws Unanswered when CloudWatch could not say all of it.
 */
export function trafficIn(results: readonly MetricData[]): Traffic {
  const valuesOf = valuesById(results);
  const groups = new Set(results.map(({ Id = '' }) => Id.replace(/^[a-z]+/, '')));
  return sumOf([...groups].flatMap((group) => periodsOf(valuesOf, group)));
}

function periodsOf(valuesOf: ReturnType<typeof valuesById>, group: string): readonly Period[] {
  const errors = valuesOf(`errors${group}`);
  const latency = valuesOf(`latency${group}`);
  return [...valuesOf(`requests${group}`)].map(([at, requests = 0]) => {
    const seconds = latency.get(at);
    return { requests, errors: errors.get(at) ?? 0, meanLatencyMs: seconds === undefined ? undefined : seconds * 1000 };
  });
}
