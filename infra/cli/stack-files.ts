// Which stacks exist: the stack files present. Every malformed one is reported together, before anything is touched.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStackFile } from '../config.ts';
import { DeliveryError } from '../contract/errors.ts';
import { type Cloud, clouds, everyStackName, foundationOf } from '../contract/stack.ts';
import type { Target } from '../delivery/delivery.ts';

export interface StackFiles {
  /** In the order a release travels. */
  readonly stacks: readonly Target[];
  /** Clouds with a foundation file. */
  readonly foundations: readonly Cloud[];
  /** Text of each stack file, by stack name: a release manifest holds their digests. */
  readonly texts: Readonly<Record<string, string>>;
}

const fileName = /^Pulumi\.(.+)\.yaml$/;

/** @throws DeliveryError `config-invalid`, every fault of every file in one message. */
export async function readStackFiles(folder: string): Promise<StackFiles> {
  const texts = await stackFileTexts(folder);
  const names = Object.keys(texts);
  const { stacks, faults } = judgeStackFiles(texts);
  if (faults.length > 0) {
    throw new DeliveryError('config-invalid', faults.join('\n'), {
      hint: 'nothing was touched: correct them and run it again',
    });
  }
  if (stacks.length === 0) {
    throw new DeliveryError('config-invalid', `expected the file of a stack in ${folder}; found none`, {
      hint: 'add stacks/Pulumi.<cloud>-<environment>.yaml',
    });
  }
  return { stacks, foundations: clouds.filter((cloud) => names.includes(foundationOf(cloud))), texts };
}

/** By stack name, sorted; whether any of them is good is not asked. */
export async function stackFileTexts(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder).catch(() => [] as string[]);
  const names = entries.flatMap((entry) => fileName.exec(entry)?.[1] ?? []).sort();
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(folder, `Pulumi.${name}.yaml`), 'utf8')] as const),
  );
  return Object.fromEntries(files);
}

/** Pure: the stacks that the files name, and what is wrong with files. */
export function judgeStackFiles(texts: Readonly<Record<string, string>>): {
  readonly stacks: readonly Target[];
  readonly faults: readonly string[];
} {
  const stacks: Target[] = [];
  const faults: string[] = [];
  for (const [name, text] of Object.entries(texts)) {
    try {
      const found = parseStackFile(name, text);
      if (found.kind === 'service') stacks.push({ stack: found.stack, runtime: found.config.runtime });
    } catch (error) {
      if (!(error instanceof DeliveryError)) throw error;
      const hint = error.code === 'unknown-stack' && error.hint !== undefined ? `; ${error.hint}` : '';
      faults.push(
        error.message.startsWith('stacks/') ? error.message : `stacks/Pulumi.${name}.yaml: ${error.message}${hint}`,
      );
    }
  }
  const order = (target: Target) => everyStackName.indexOf(target.stack.name);
  return { stacks: stacks.sort((a, b) => order(a) - order(b)), faults };
}
