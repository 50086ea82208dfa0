// Where the containers of an ECS Express Mode service write. What ECS itself says of a deployment is in its API alone, and the prover quotes it.
import type { LogReader } from '../../../contract/logs.ts';
import type { Connection } from '../../connection.ts';
import { cloudWatchLogReader } from '../log-reader.ts';
import { arnOf, serviceNameOf } from './client.ts';
import { ecsExpress, logGroupOf } from './runtime.ts';

export function ecsExpressLogs(connection: Connection): LogReader {
  return cloudWatchLogReader(ecsExpress.product, connection, ({ coordinates }) => {
    const { region, service } = serviceNameOf(arnOf(coordinates));
    return { region, groups: [{ name: logGroupOf(service), from: 'container' }] };
  });
}
