// `trireme audit`: is a release still what it was made as? The ledger, every registry, what is attested, and the same image built again.
import { readFile } from 'node:fs/promises';
import { DeliveryError, type DeliveryErrorCode } from '../../contract/errors.ts';
import { type ReleaseManifest, releaseIdOf } from '../../contract/release.ts';
import { type Check, outcomeOf, reasonOf } from '../../contract/verification.ts';
import { attestationReasons } from '../../delivery/attestation.ts';
import { findRelease } from '../../delivery/stack-state.ts';
import { engineOf, engines } from '../../image/engine.ts';
import { openAttestations } from '../attestations.ts';
import { attestationFactOf, ledgerCheck, rebuildCheck, registryChecks } from '../audit-checks.ts';
import { type Cli, type Verb, verb } from '../cli.ts';
import { type CliEnvironment, refuseLeftovers } from '../environment.ts';
import { table } from '../output.ts';
import { openRegistries } from '../registries.ts';
import { attestationFact, evidencePath } from '../release-evidence.ts';
import { wireLedger } from '../wiring.ts';

interface Options {
  readonly rebuild: boolean;
  readonly record?: boolean;
  readonly engine?: string;
  readonly buildArg?: readonly string[];
  readonly ca?: string;
  readonly json?: boolean;
}

export const audit: Verb = (cli) =>
  verb('audit', 'Asks whether a release is still what it was made as, and builds it once more to compare')
    .argument('<release>', 'id, sequence number or `latest`')
    .option('--no-rebuild', 'leave out building it once more')
    .option('--record', 'write what is found to be attested into the ledger')
    .option('--engine <engine>', `what a Dockerfile is built with: ${engines.join(', ')}`)
    .option('--build-arg <argument...>', 'NAME=VALUE for the Dockerfile (default: as this machine released it)')
    .option('--ca <file>', 'certificates of an authority of your own, used while building')
    .action(async (word: string, options: Options) => {
      const { environment } = cli;
      refuseLeftovers(environment);
      const office = await wireLedger(environment);
      const facts = await office.ledger.facts();
      const manifest = findRelease(facts, word);
      const release = releaseIdOf(manifest);
      const known = attestationFactOf(facts, release)?.body;
      const { sbomMediaType } = await import('../../attestation/sbom.ts');
      const client = await openRegistries(environment);
      const [registries, attested] = await Promise.all([
        registryChecks(client, manifest, known?.sbom, sbomMediaType),
        openAttestations(environment).verify(manifest),
      ]);
      if (options.record === true) {
        await office.ledger.append(() => [
          attestationFact(office, manifest, known?.sbom, attested, 'nothing attested'),
        ]);
      }
      const again = options.rebuild ? [await rebuilt(cli, client, manifest, options)] : [];
      const checks = [ledgerCheck(facts, manifest), ...registries, ...attested, ...again];
      if (options.json !== true) cli.output.data(checksTable(checks));
      // What is missing is a finding only where the policy wants it there.
      const excused = attestationReasons(office.policy.supplyChain.attestations, attested).length === 0 ? attested : [];
      const counted = checks.filter((check) => check.outcome === 'failed' || !excused.includes(check));
      const outcome = outcomeOf(counted);
      const missing = excused.some((check) => check.outcome === 'errored') ? ', but not attested' : '';
      cli.end({
        code: codes[outcome],
        sentence: `${release} ${outcome === 'passed' ? `is what it was made as${missing}` : `${outcome}: ${reasonOf(counted) ?? ''}`}`,
        next: outcome === 'passed' ? 'npx trireme status' : `npx trireme history --release ${release}`,
        json: { release, outcome, checks },
      });
    });

const codes: Readonly<Record<Check['outcome'], DeliveryErrorCode | undefined>> = {
  passed: undefined,
  failed: 'failed',
  errored: 'errored',
};

async function rebuilt(
  { environment, output, signal }: Cli,
  client: Awaited<ReturnType<typeof openRegistries>>,
  manifest: ReleaseManifest,
  options: Options,
): Promise<Check> {
  const { rebuild } = await import('../rebuild.ts');
  const given = options.buildArg?.map(argumentOf);
  const buildArgs = given === undefined ? await releasedWith(environment, manifest) : Object.fromEntries(given);
  const engine = engineOf(options.engine);
  const bench = { environment, report: output.report, signal };
  return rebuildCheck(manifest, () =>
    rebuild(bench, client, manifest, { engine, buildArgs, certificates: options.ca }),
  );
}

/** The arguments in the provenance that the release left on this machine; none elsewhere. */
async function releasedWith({ stateDirectory }: CliEnvironment, manifest: ReleaseManifest) {
  const path = evidencePath(stateDirectory, releaseIdOf(manifest), 'provenance');
  const text = await readFile(path, 'utf8').catch(() => '{}');
  const { buildDefinition } = JSON.parse(text) as {
    buildDefinition?: { externalParameters?: { buildArgs?: Record<string, string> } };
  };
  return buildDefinition?.externalParameters?.buildArgs ?? {};
}

function argumentOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new DeliveryError('usage', `expected --build-arg NAME=VALUE; found \`${pair}\``);
}

function checksTable(checks: readonly Check[]): string {
  const rows = checks.map(({ name, outcome, seconds, found }) => [name, outcome, `${seconds.toFixed(1)} s`, found]);
  return table([['check', 'outcome', 'took', 'found'], ...rows]);
}
