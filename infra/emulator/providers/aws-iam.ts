// IAM as Pulumi's `aws` provider shows it: roles, their policies, managed policies, and trust in another issuer's tokens.
import { randomBytes } from 'node:crypto';
import { isList, type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { documentFaults, refuseLong, withDocument } from './aws-documents.ts';
import { pattern, range } from './input-rule.ts';
import { storedResource, tagsOf } from './stored-resource.ts';

const named = { property: 'name', style: 'dashed' } as const;
/** Characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const quotas = { trust: 2048, inline: 10_240, managed: 6144 } as const;

function refuseLongTrust(inputs: Properties): void {
  const words = `LimitExceeded: Cannot exceed quota for ACLSizePerRole: ${quotas.trust}`;
  refuseLong(text(inputs, 'assumeRolePolicy'), quotas.trust, words);
}

function refuseLongInline(inputs: Properties): void {
  const words = `LimitExceeded: Maximum policy size of ${quotas.inline} bytes exceeded for role ${text(inputs, 'role')}`;
  refuseLong(text(inputs, 'policy'), quotas.inline, words);
}

function refuseLongManaged(inputs: Properties): void {
  const words = `LimitExceeded: Cannot exceed quota for PolicySize: ${quotas.managed}`;
  refuseLong(text(inputs, 'policy'), quotas.managed, words);
}

export function role(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/role',
    shelf: account.roles,
    naming: named,
    replaceOnChanges: ['name', 'namePrefix', 'path'],
    normalize: (inputs) => withDocument(inputs, 'assumeRolePolicy'),
    validate: (inputs) => [
      // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html
      ...pattern(inputs, 'name', /^[\w+=,.@-]{1,64}$/),
      ...range(inputs, 'maxSessionDuration', 3600, 43_200),
      ...documentFaults(inputs, 'assumeRolePolicy'),
    ],
    idOf: (inputs) => text(inputs, 'name') ?? '',
    alreadyExists: (id) => `EntityAlreadyExists: Role with name ${id} already exists.`,
    create(inputs, _context, id) {
      refuseLongTrust(inputs);
      const boundary = text(inputs, 'permissionsBoundary');
      if (boundary !== undefined && account.policies.find((one) => one.arn === boundary) === undefined) {
        throw new CloudRefusal(`NoSuchEntity: Scope ARN: ${boundary} does not exist or is not attachable.`);
      }
      return {
        arn: account.roleArn(`${(text(inputs, 'path') ?? '/').slice(1)}${id}`),
        uniqueId: `AROA${randomBytes(8).toString('hex').toUpperCase()}`,
        createDate: new Date().toISOString(),
        path: '/',
        maxSessionDuration: 3600,
      };
    },
    refuseUpdate: refuseLongTrust,
    derive: (inputs) => ({ tagsAll: tagsOf(inputs) }),
    release(_inputs, id) {
      const held = [account.roleAttachments, account.rolePolicies].some((shelf) =>
        shelf.find((one) => one.role === id),
      );
      if (held) throw new CloudRefusal('DeleteConflict: Cannot delete entity, must detach all policies first.');
    },
  });
}

export function rolePolicyAttachment(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/rolePolicyAttachment',
    shelf: account.roleAttachments,
    replaceOnChanges: ['role', 'policyArn'],
    validate: (inputs) => pattern(inputs, 'policyArn', /^arn:aws:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/),
    // Attaching twice changes nothing at the vendor, so every attachment has an id of its own.
    idOf: (inputs) => `${text(inputs, 'role')}-${randomBytes(6).toString('hex')}`,
    alreadyExists: () => undefined,
    create(inputs) {
      account.requireRole(text(inputs, 'role') ?? '');
      return {};
    },
  });
}

export function rolePolicy(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/rolePolicy',
    shelf: account.rolePolicies,
    naming: named,
    replaceOnChanges: ['role', 'name', 'namePrefix'],
    normalize: (inputs) => withDocument(inputs, 'policy'),
    validate: (inputs) => documentFaults(inputs, 'policy'),
    idOf: (inputs) => `${text(inputs, 'role')}:${text(inputs, 'name')}`,
    alreadyExists: (id) => `the role policy ${id} already exists`,
    create(inputs) {
      const holder = text(inputs, 'role') ?? '';
      account.requireRole(holder);
      refuseLongInline(inputs);
      return {};
    },
    refuseUpdate: refuseLongInline,
  });
}

export function policy(account: AwsAccount): ResourceModel {
  const arnOf = (name: string | undefined) => `arn:aws:iam::${account.id}:policy/${name}`;
  return storedResource({
    module: 'iam/policy',
    shelf: account.policies,
    naming: named,
    replaceOnChanges: ['name', 'namePrefix', 'path', 'description'],
    normalize: (inputs) => withDocument(inputs, 'policy'),
    validate: (inputs) => [
      // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
      ...pattern(inputs, 'name', /^[\w+=,.@-]{1,128}$/),
      ...documentFaults(inputs, 'policy'),
    ],
    idOf: (inputs) => arnOf(text(inputs, 'name')),
    alreadyExists: (id) => `EntityAlreadyExists: A policy called ${id.split('/').at(-1)} already exists.`,
    create(inputs, _context, id) {
      refuseLongManaged(inputs);
      return {
        arn: id,
        policyId: `ANPA${randomBytes(8).toString('hex').toUpperCase()}`,
        path: '/',
        attachmentCount: 0,
      };
    },
    refuseUpdate: refuseLongManaged,
    derive: (inputs) => ({ tagsAll: tagsOf(inputs) }),
    release(_inputs, id) {
      const held =
        account.roles.find((one) => one.permissionsBoundary === id) ??
        account.roleAttachments.find((one) => one.policyArn === id);
      if (held !== undefined) throw new CloudRefusal('DeleteConflict: Cannot delete a policy attached to entities.');
    },
  });
}

export function openIdConnectProvider(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 'iam/openIdConnectProvider',
    shelf: account.shelf('iam/openIdConnectProvider'),
    replaceOnChanges: ['url'],
    computed: ['thumbprintLists'],
    validate: (inputs) => [
      // https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
      ...pattern(inputs, 'url', /^https:\/\/[\w.-]+(\/[\w./-]*)?$/),
      ...(isList(inputs.clientIdLists) && inputs.clientIdLists.length === 0
        ? [{ property: 'clientIdLists', reason: 'expected an audience at least, found none' }]
        : []),
    ],
    idOf: (inputs) =>
      `arn:aws:iam::${account.id}:oidc-provider/${(text(inputs, 'url') ?? '').replace(/^https:\/\//, '')}`,
    alreadyExists: (_id, inputs) => `EntityAlreadyExists: Provider with url ${text(inputs, 'url')} already exists.`,
    // AWS knows GitHub's certificate authority itself.
    create: (_inputs, _context, id) => ({ arn: id, thumbprintLists: ['ffffffffffffffffffffffffffffffffffffffff'] }),
    derive: (inputs) => ({ tagsAll: tagsOf(inputs) }),
  });
}
