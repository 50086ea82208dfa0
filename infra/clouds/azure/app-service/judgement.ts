// What App Service's own fields, its log and the application itself say about a deployment. No field names the digest that runs, so the
// application must say it; the platform's log can only refute. https://github.com/Azure/azure-cli/issues/3606
import type { ReleaseIdentity } from '../../../contract/release.ts';
import type { Judgement } from '../../polling.ts';

/** Newest platform log line there was before the deployment, per site or slot; what was said before says nothing about it. */
export type AppServiceBaseline = Readonly<Record<string, string>>;

export interface Diversion {
  readonly host: string;
  readonly percent: number;
}

export interface AppServiceObservation {
  /** Resource id of the site or slot. */
  readonly id: string;
  /** Absent: the API knows no such site. */
  readonly state?: string | undefined;
  readonly linuxFxVersion?: string | undefined;
  /** Of production's requests, how many in a hundred other hosts answer, by its rules. */
  readonly diverted?: readonly Diversion[] | undefined;
  readonly instances: readonly string[];
  /** The platform's lines and the container's own, oldest first. */
  readonly log: readonly string[];
  /** What the identity endpoint answered. */
  readonly identity:
    | { readonly status: number; readonly body?: Partial<Record<keyof ReleaseIdentity, string>> | undefined }
    | { readonly problem: string };
}

export function judge(
  observed: AppServiceObservation,
  baseline: AppServiceBaseline,
  release: ReleaseIdentity & { readonly imageRef: string },
  wanted: readonly Diversion[] = [],
): Judgement {
  const expected = `${release.imageRef} configured, running, and ${release.releaseId} answering`;
  const source = `ARM ${observed.id}: site, config/web, instances, containerlogs; and its /version`;
  const says = (outcome: Judgement['outcome'], found: string): Judgement => ({ outcome, expected, found, source });

  if (observed.state === undefined) return says('errored', 'no such site');
  if (observed.linuxFxVersion?.replace(/^docker\|/i, '') !== release.imageRef) {
    return says('failed', `configured is ${observed.linuxFxVersion || 'no image'}`);
  }
  if (observed.state !== 'Running') return says('failed', `the site is ${observed.state}`);
  if (diversionInWords(observed.diverted) !== diversionInWords(wanted)) {
    return says('failed', `${diversionInWords(observed.diverted)}; expected: ${diversionInWords(wanted)}`);
  }

  const answer = answerOf(observed, release);
  if (answer.outcome === 'failed') return says('failed', answer.found);
  if (answer.outcome === 'passed') {
    const stopped = observed.instances.filter((state) => state === 'STOPPED').length;
    if (stopped > 0)
      return says('wait', `${answer.found}, but ${stopped} of ${observed.instances.length} instances STOPPED`);
    return says('passed', answer.found);
  }
  const refuted = startFailure(observed.log, baseline[observed.id]);
  return refuted === undefined ? says('wait', answer.found) : says('failed', `${answer.found}; log: ${refuted}`);
}

function diversionInWords(diverted: readonly Diversion[] = []): string {
  const shares = diverted.filter(({ percent }) => percent > 0).map(({ host, percent }) => `${host} gets ${percent} %`);
  return shares.length === 0
    ? 'production answers all requests'
    : `of production's requests ${shares.sort().join(', ')}`;
}

/** Everything but the expected release answering may still change, save a container that has the release's name and another build. */
function answerOf({ identity }: AppServiceObservation, release: ReleaseIdentity): Pick<Judgement, 'outcome' | 'found'> {
  if ('problem' in identity) return { outcome: 'wait', found: `no answer: ${identity.problem}` };
  if (identity.status !== 200) return { outcome: 'wait', found: `answers ${identity.status}` };
  const { releaseId = 'no release', imageDigest, buildId } = identity.body ?? {};
  if (releaseId !== release.releaseId) return { outcome: 'wait', found: `${releaseId} still answers` };
  if (imageDigest !== release.imageDigest || buildId !== release.buildId) {
    return {
      outcome: 'failed',
      found: `${releaseId} answers as build ${buildId} of ${imageDigest}, expected build ${release.buildId} of ${release.imageDigest}`,
    };
  }
  return { outcome: 'passed', found: `${releaseId} answers as build ${buildId}` };
}

/** Lines of the platform begin with a time and a level; a container's own lines have neither unless it imitates them. */
const platformLine = /^(?<at>\d{4}-\d\d-\d\dT[\d:.]+Z)\s+(?:INFO|WARN|WARNING|ERROR)\s+-\s+(?<message>.*)$/;
/** https://learn.microsoft.com/troubleshoot/azure/app-service/faqs-app-service-linux, and the wordings people report */
const failures =
  /has exited, failing site start|didn't respond to HTTP pings|did not start within expected time limit|failed to start|image pull failed|pull access denied|manifest (for .* )?unknown/i;
const starts = /initialized successfully and is ready to serve requests|started successfully/i;

/** The last word of the platform's log since then, when it is that the container did not start. */
export function startFailure(log: readonly string[], since: string | undefined): string | undefined {
  let failure: string | undefined;
  for (const line of log) {
    const { at = '', message = '' } = platformLine.exec(line)?.groups ?? {};
    if (at === '' || (since !== undefined && at <= since)) continue;
    if (starts.test(message)) failure = undefined;
    else if (failures.test(message)) failure = message;
  }
  return failure;
}

/** The time of the newest line of the platform's; `undefined` when it has said nothing yet. */
export function newestLine(log: readonly string[]): string | undefined {
  return log
    .map((line) => platformLine.exec(line)?.groups?.at)
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
}
