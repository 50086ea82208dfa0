// `trireme release`: one image of this commit and its models, in every registry under one digest, with a manifest that names it.

import { DeliveryError } from '../../contract/errors.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { engineOf, engines } from '../../image/engine.ts';
import { type Verb, verb } from '../cli.ts';
import { cloudsOf, repositoriesOf } from '../foundations.ts';
import {
  buildImage,
  ensureModels,
  manifestPath,
  publishRelease,
  readMaterials,
  readSourceFacts,
  releaseAgain,
} from '../release-steps.ts';
import { imageToReuse } from '../reuse.ts';
import { readWiredStacks, wireDelivery } from '../wiring.ts';

interface Options {
  readonly engine?: string;
  readonly buildArg?: readonly string[];
  readonly ca?: string;
  readonly rebuild?: boolean;
  readonly json?: boolean;
}

export const release: Verb = (cli) =>
  verb('release', 'Builds the image, publishes it to the registry of every cloud, writes the release manifest')
    .option(
      '--engine <engine>',
      `build the Dockerfile with ${engines.join(', ')} (default: no engine, for emulated clouds)`,
    )
    .option('--build-arg <argument...>', 'NAME=VALUE for the Dockerfile, such as a base by digest')
    .option('--rebuild', 'builds a new image also where nothing changed that enters it')
    .option('--ca <file>', 'certificates of an authority of your own, used while building')
    .action(async (options: Options) => {
      const { environment, output, signal } = cli;
      const engine = engineOf(options.engine);
      const buildArgs = Object.fromEntries((options.buildArg ?? []).map(argumentOf));
      const files = await readWiredStacks(environment);
      const bench = { environment, report: output.report, signal };
      const delivery = await wireDelivery(environment, files, output.report);
      const source = await readSourceFacts(bench, delivery);
      if (source.dirty) output.talk('the tree is dirty: this release can never enter prod', 'yellow');
      if (engine === undefined && !delivery.emulated) {
        throw new DeliveryError('refused', 'expected --engine: real clouds run images built from the Dockerfile only', {
          hint: 'npx trireme release --engine podman; without an account, first: npx trireme emulator up',
        });
      }
      const models = await ensureModels(bench);
      const repositories = await repositoriesOf(bench, delivery, cloudsOf(delivery.stacks));
      const how = { engine, buildArgs, certificates: options.ca };
      const reuse =
        options.rebuild === true
          ? { reasons: ['--rebuild'] }
          : await imageToReuse(bench, delivery, source, models, how, repositories);
      const reused = 'earlier' in reuse ? releaseIdOf(reuse.earlier) : undefined;
      if ('earlier' in reuse) output.report({ message: `nothing of the image changed: it is that of ${reused}` });
      else output.report({ message: `a new image: ${reuse.reasons.join('; ')}` });
      const manifest =
        'earlier' in reuse
          ? await releaseAgain(bench, delivery, files, {
              ...reuse,
              source,
              materials: await readMaterials(environment, how),
            })
          : await publishRelease(bench, delivery, files, await buildImage(bench, source, models, how), repositories);
      const id = releaseIdOf(manifest);
      const path = manifestPath(environment.stateDirectory, id);
      if (options.json !== true) output.data(id);
      cli.end({
        sentence: `${id} is in ${manifest.image.copies.map(({ cloud }) => cloud).join(', ')} as ${manifest.image.digest}${reused === undefined ? '' : `, the image of ${reused}`}`,
        next: `npx trireme deploy --release ${id}`,
        json: { release: id, manifest: path, imageOf: reused ?? null, ...manifest },
      });
    });

function argumentOf(pair: string): [string, string] {
  const at = pair.indexOf('=');
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
  throw new DeliveryError('usage', `expected --build-arg NAME=VALUE; found \`${pair}\``);
}
