// Secrets Manager as Pulumi's `aws` provider shows it: secrets, whose names outlive them, and their values.
import { randomBytes, randomUUID } from 'node:crypto';
import { text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function secret(account: AwsAccount): ResourceModel {
  const shelf = account.shelf('secretsmanager/secret');
  /** Deleted, and not yet forgotten. */
  const leaving = new Set<string>();
  return storedResource({
    module: 'secretsmanager/secret',
    shelf,
    naming: { property: 'name', style: 'dashed' },
    replaceOnChanges: ['name', 'namePrefix', 'region'],
    computed: ['region'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
      ...pattern(inputs, 'name', /^[\w/+=.@-]{1,512}$/),
      ...(typeof inputs.recoveryWindowInDays !== 'number' ||
      inputs.recoveryWindowInDays === 0 ||
      (inputs.recoveryWindowInDays >= 7 && inputs.recoveryWindowInDays <= 30)
        ? []
        : [
            { property: 'recoveryWindowInDays', reason: `expected 0 or 7 to 30, found ${inputs.recoveryWindowInDays}` },
          ]),
    ],
    idOf: (inputs, context) =>
      `arn:aws:secretsmanager:${account.region(inputs, context)}:${account.id}:secret:${text(inputs, 'name')}-${randomBytes(3).toString('hex')}`,
    alreadyExists: () => undefined,
    create(inputs, _context, id) {
      const name = text(inputs, 'name') ?? '';
      if (shelf.find((one) => one.name === name) !== undefined) {
        throw new CloudRefusal(
          `ResourceExistsException: The operation failed because the secret ${name} already exists.`,
        );
      }
      if (leaving.has(name)) {
        throw new CloudRefusal(
          "InvalidRequestException: You can't create this secret because a secret with this name is already scheduled for deletion.",
        );
      }
      return { arn: id };
    },
    derive: (inputs, context) => account.derive(inputs, context),
    release(inputs) {
      if (inputs.recoveryWindowInDays !== 0) leaving.add(text(inputs, 'name') ?? '');
    },
  });
}

/** @param held where containers find it. */
export function secretVersion(account: AwsAccount, held: Map<string, string> | undefined): ResourceModel {
  return storedResource({
    module: 'secretsmanager/secretVersion',
    shelf: account.shelf('secretsmanager/secretVersion'),
    replaceOnChanges: ['secretId', 'secretString', 'secretBinary', 'region'],
    computed: ['region'],
    idOf: (inputs) => `${text(inputs, 'secretId')}|${randomUUID()}`,
    alreadyExists: () => undefined,
    create(inputs, _context, id) {
      const of = text(inputs, 'secretId') ?? '';
      if (account.shelf('secretsmanager/secret').get(of) === undefined) {
        throw new CloudRefusal("ResourceNotFoundException: Secrets Manager can't find the specified secret.");
      }
      held?.set(of, text(inputs, 'secretString') ?? '');
      return { arn: of, versionId: id.split('|')[1] ?? '', versionStages: ['AWSCURRENT'] };
    },
    derive: (inputs, context) => ({ region: account.region(inputs, context) }),
  });
}
