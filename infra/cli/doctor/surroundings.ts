// What a machine has besides programs: room on its disk, a clock that is right, a place for Pulumi's state.
import { statfs } from 'node:fs/promises';
import type { CliEnvironment } from '../environment.ts';
import { fault, good, type Judged, note } from './finding.ts';

export interface Surroundings {
  /** Bytes that are free where the checkout is; `undefined`: could not tell. */
  readonly freeBytes: number | undefined;
  /** This clock minus a server's, in seconds; `undefined`: nobody could be asked. */
  readonly skewSeconds: number | undefined;
  readonly backend: string | undefined;
  readonly passphrase: boolean;
}

/** A build with its cache, and the CLI with its plugins. */
const leastFreeGiB = 2;
/** AWS refuses a signature that is older or newer: https://docs.aws.amazon.com/general/latest/gr/signing-aws-api-requests.html */
const mostSkewSeconds = 300;

export function judgeSurroundings({ freeBytes, skewSeconds, backend, passphrase }: Surroundings): readonly Judged[] {
  return [diskFinding(freeBytes), clockFinding(skewSeconds), stateFinding(backend, passphrase)];
}

function diskFinding(freeBytes: number | undefined): Judged {
  const expected = `${leastFreeGiB} GiB free or more`;
  if (freeBytes === undefined) return note('disk', expected, 'could not tell');
  const gib = freeBytes / 2 ** 30;
  const found = `${gib.toFixed(1)} GiB free`;
  return gib >= leastFreeGiB
    ? good('disk', found)
    : fault('disk', expected, found, 'make room: .trireme/ can be deleted but for .trireme/ledger.git');
}

function clockFinding(skewSeconds: number | undefined): Judged {
  const expected = `within ${mostSkewSeconds / 60} minutes of everybody else’s`;
  if (skewSeconds === undefined) return note('clock', expected, 'could not tell: nobody answered');
  const found = `${Math.abs(Math.round(skewSeconds))} s ${skewSeconds < 0 ? 'behind' : 'ahead'}`;
  return Math.abs(skewSeconds) <= mostSkewSeconds
    ? good('clock', found)
    : fault('clock', expected, found, 'set it from the network: timedatectl set-ntp true');
}

function stateFinding(backend: string | undefined, passphrase: boolean): Judged {
  const subject = 'Pulumi’s state';
  if (backend === undefined) {
    return note(
      subject,
      'a backend that all environments share',
      'PULUMI_BACKEND_URL is not set',
      'export PULUMI_BACKEND_URL, or make the bucket: npx trireme bootstrap <cloud> --state-bucket',
    );
  }
  if (!passphrase && !backend.startsWith('https:')) {
    return fault(
      subject,
      'PULUMI_CONFIG_PASSPHRASE beside it',
      'not set',
      'export PULUMI_CONFIG_PASSPHRASE, the one that the state was made with',
    );
  }
  return good(subject, backend);
}

export async function lookAround({ checkout, variables, github }: CliEnvironment): Promise<Surroundings> {
  const [freeBytes, skewSeconds] = await Promise.all([
    statfs(checkout).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => undefined,
    ),
    skewAgainst(github.apiUrl),
  ]);
  const { PULUMI_BACKEND_URL: backend, PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = variables;
  const passphrase = PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE !== undefined;
  return { freeBytes, skewSeconds, backend, passphrase };
}

/** Every answer says when it was given, to the second. */
async function skewAgainst(url: string): Promise<number | undefined> {
  try {
    const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(5_000) });
    const date = Date.parse(answer.headers.get('date') ?? '');
    return Number.isNaN(date) ? undefined : (Date.now() - date) / 1000;
  } catch {
    return undefined;
  }
}
