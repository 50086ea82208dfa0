// All rules of the policy pack, by the names that `policy.yaml` knows them by.
import type { RuleId } from '../contract/policy-pack.ts';
import type { Rule } from './rule.ts';
import { instancesBounded, labelled, logRetention, prodSpareInstance } from './rules/bounds.ts';
import { bucketPrivate, bucketVersioned, databaseEncrypted, databasePrivate, prodDataProtected } from './rules/data.ts';
import { noWildcardGrant } from './rules/grants.ts';
import { registryHardened, tlsOnly } from './rules/hardening.ts';
import { imageByDigest } from './rules/images.ts';
import { noPlainSecret } from './rules/secrets.ts';
import { noPublicGrant, noWildcardTrust } from './rules/trust.ts';

export const rules: Readonly<Record<RuleId, Rule>> = {
  'image-by-digest': imageByDigest,
  'no-wildcard-grant': noWildcardGrant,
  'no-wildcard-trust': noWildcardTrust,
  'no-public-grant': noPublicGrant,
  'registry-hardened': registryHardened,
  'tls-only': tlsOnly,
  'no-plain-secret': noPlainSecret,
  'instances-bounded': instancesBounded,
  'prod-spare-instance': prodSpareInstance,
  'log-retention': logRetention,
  labelled,
  'bucket-private': bucketPrivate,
  'bucket-versioned': bucketVersioned,
  'database-private': databasePrivate,
  'database-encrypted': databaseEncrypted,
  'prod-data-protected': prodDataProtected,
};
