// Pulumi's `random` provider: no cloud, but a provider all the same, without which nothing that draws a password comes up.
import { randomInt } from 'node:crypto';
import type { Properties } from '../engine/property.ts';
import type { ProviderDefinition, ResourceModel } from '../engine/resource-model.ts';
import { range } from './input-rule.ts';

export function randomProvider(): ProviderDefinition {
  return {
    name: 'random',
    npmPackage: '@pulumi/random',
    comparesWith: 'state',
    resources: { 'random:index/randomPassword:RandomPassword': password },
    functions: {},
  };
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const digits = '0123456789';

/** Drawn once, and kept in the state alone: nothing is asked anywhere again. */
const password: ResourceModel = {
  module: 'randomPassword',
  // https://www.pulumi.com/registry/packages/random/api-docs/randompassword/: any change draws another one.
  replaceOnChanges: ['keepers', 'length', 'lower', 'upper', 'numeric', 'number', 'special', 'overrideSpecial'],
  validate: (inputs) => range(inputs, 'length', 1, Number.MAX_SAFE_INTEGER),
  async create(inputs) {
    return { id: 'none', outputs: { ...inputs, result: drawn(inputs), bcryptHash: `$2a$10$${'.'.repeat(53)}` } };
  },
  read: async (_id, inputs, { state = inputs }) => ({ outputs: state, inputs }),
  update: async (_id, inputs, _context, previous) => ({ ...previous, ...inputs }),
  async delete() {},
};

function drawn({ length, lower, upper, numeric, special, overrideSpecial }: Properties): string {
  const alphabet = [
    lower === false ? '' : letters,
    upper === false ? '' : letters.toUpperCase(),
    numeric === false ? '' : digits,
    special === false ? '' : typeof overrideSpecial === 'string' ? overrideSpecial : '!@#$%&*()-_=+[]{}<>:?',
  ].join('');
  return Array.from({ length: Number(length) }, () => alphabet[randomInt(alphabet.length)]).join('');
}
