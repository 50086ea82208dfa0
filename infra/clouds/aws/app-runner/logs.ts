// Where App Runner writes what a service and its deployments said. https://docs.aws.amazon.com/apprunner/latest/dg/monitor-cwl.html
import type { LogReader } from '../../../contract/logs.ts';
import type { DeployedService } from '../../../contract/service.ts';
import type { Connection } from '../../connection.ts';
import { cloudWatchLogReader, type LogGroups } from '../log-reader.ts';

export function appRunnerLogs(connection: Connection): LogReader {
  return cloudWatchLogReader('App Runner', connection, groupsOf);
}

/** `arn:aws:apprunner:<region>:<account>:service/<name>/<id>` */
function groupsOf({ coordinates }: DeployedService): LogGroups {
  const [, , , region = '', , resource = ''] = coordinates.serviceArn?.split(':') ?? [];
  const [kind, name, id] = resource.split('/');
  if (kind !== 'service') throw new TypeError('expected the coordinate serviceArn of an App Runner service');
  const base = `/aws/apprunner/${name}/${id}`;
  return {
    region,
    groups: [
      { name: `${base}/service`, from: 'platform' },
      { name: `${base}/application`, from: 'container' },
    ],
  };
}
