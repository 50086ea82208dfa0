// The part of `policy.yaml` that the policy pack reads: which rule is lowered where, why, and until when.
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { type Waivers, waivers } from '../contract/policy-pack.ts';

const document = z.object({ packs: waivers.default({}) });

/** A checkout without the file lowers nothing. @throws DeliveryError `document-invalid` */
export async function readWaivers(path: string): Promise<Waivers> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  return parseWaivers(text);
}

export function parseWaivers(text: string): Waivers {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('document-invalid', `policy.yaml: expected YAML; found ${message}`, { cause });
  }
  const parsed = document.safeParse(value ?? {});
  if (parsed.success) return parsed.data.packs;
  throw new DeliveryError('document-invalid', `policy.yaml: ${z.prettifyError(parsed.error)}`, {
    hint: 'packs: { <rule>: { enforcement: advisory | disabled, stacks: [<stack>], reason: <why>, until: <date> } }',
  });
}
