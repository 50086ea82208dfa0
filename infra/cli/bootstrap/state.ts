// Where Pulumi's state is while a foundation is made: a folder of this machine at first, where the bucket for it is made by that very stack.
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FoundationOutputs } from '../../contract/service.ts';
import type { Cloud } from '../../contract/stack.ts';
import type { CliEnvironment } from '../environment.ts';
import type { StateFacts } from './plan.ts';

type Place = Pick<CliEnvironment, 'stateDirectory' | 'variables'>;

const folderOf = ({ stateDirectory }: Place, cloud: Cloud) => join(stateDirectory, 'bootstrap', cloud);
const noteOf = (place: Place, cloud: Cloud) => join(folderOf(place, cloud), 'moved-to');

export async function readState(place: Place, cloud: Cloud): Promise<StateFacts> {
  const { PULUMI_BACKEND_URL: url, PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = place.variables;
  const movedTo = await readFile(noteOf(place, cloud), 'utf8').catch(() => undefined);
  const local = await access(join(folderOf(place, cloud), 'state', '.pulumi')).then(
    () => true,
    () => false,
  );
  return {
    url,
    passphrase: PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE !== undefined,
    movedTo: movedTo?.trim(),
    local: local && movedTo === undefined,
  };
}

/** @returns the address of the folder on this machine, made. */
export async function localBackend(place: Place, cloud: Cloud): Promise<string> {
  const folder = join(folderOf(place, cloud), 'state');
  await mkdir(folder, { recursive: true });
  return pathToFileURL(folder).href;
}

/** The next bootstrap finds it by this. */
export async function noteMoved(place: Place, cloud: Cloud, url: string): Promise<void> {
  await writeFile(noteOf(place, cloud), `${url}\n`);
}

/** As `pulumi login` takes it: https://www.pulumi.com/docs/iac/concepts/state-and-backends/ */
export function bucketUrl(cloud: Cloud, region: string, { details }: FoundationOutputs): string | undefined {
  const { stateBucket } = details;
  if (stateBucket === undefined) return undefined;
  const urls: Readonly<Record<Cloud, string>> = {
    aws: `s3://${stateBucket}?region=${region}`,
    gcp: `gs://${stateBucket}`,
    azure: stateBucket,
  };
  return urls[cloud];
}
