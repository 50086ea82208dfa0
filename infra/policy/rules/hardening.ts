// How registries and sites are set: tags that stay, no shared password, nothing without TLS.
import { expects, expectsOneOf, type Finding, type Judged, type Rule } from '../rule.ts';
import { at, unknown } from '../value.ts';

export const registryHardened: Rule = {
  enforcement: 'mandatory',
  reason: 'Who can move a tag, read with no name or share one password decides unseen what is pulled.',
  pages: [
    'https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html',
    'https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-scanning.html',
    'https://cloud.google.com/artifact-registry/docs/docker/names#tags',
    'https://learn.microsoft.com/azure/container-registry/container-registry-authentication#admin-account',
    'https://learn.microsoft.com/azure/container-registry/anonymous-pull-access',
  ],
  mend: 'make tags immutable, scan on push, keep the registry private, and leave the admin account and anonymous pulls off',
  resource: (one) => registries[one.type]?.(one) ?? [],
};

export const tlsOnly: Rule = {
  enforcement: 'mandatory',
  reason: 'What is sent in the open can be read and changed on the way; FTP and remote debugging are doors beside it.',
  pages: [
    'https://learn.microsoft.com/azure/app-service/configure-ssl-bindings#enforce-https',
    'https://learn.microsoft.com/azure/app-service/deploy-ftp#enforce-ftps',
    'https://learn.microsoft.com/azure/storage/common/transport-layer-security-configure-minimum-version',
  ],
  mend: 'set httpsOnly, minTlsVersion and scmMinTlsVersion 1.2 or 1.3, ftpsState Disabled, on the site and its slot alike',
  resource: (one) => transports[one.type]?.(one) ?? [],
};

const registries: Readonly<Record<string, (one: Judged) => readonly Finding[]>> = {
  'aws:ecr/repository:Repository': ({ inputs }) => [
    ...expectsOneOf(inputs, 'imageTagMutability', 'IMMUTABLE'),
    ...expectsOneOf(inputs, 'imageScanningConfiguration.scanOnPush', true),
  ],
  'aws:ecrpublic/repository:Repository': () => [
    { path: 'repositoryName', expected: 'a private registry', found: 'a public one' },
  ],
  'gcp:artifactregistry/repository:Repository': ({ inputs }) =>
    at(inputs, 'format') === 'DOCKER' ? expectsOneOf(inputs, 'dockerConfig.immutableTags', true) : [],
  // Left out, both are off.
  'azure-native:containerregistry:Registry': ({ inputs }) => [
    ...expectsOneOf(inputs, 'adminUserEnabled', false, undefined),
    ...expectsOneOf(inputs, 'anonymousPullEnabled', false, undefined),
  ],
};

function site({ inputs }: Judged): readonly Finding[] {
  const config = at(inputs, 'siteConfig');
  const unjudged = config === unknown ? expects(inputs, 'siteConfig', 'TLS 1.2', () => true) : [];
  return [
    ...expectsOneOf(inputs, 'httpsOnly', true),
    ...unjudged,
    ...(config === unknown
      ? []
      : [
          ...expectsOneOf(inputs, 'siteConfig.minTlsVersion', '1.2', '1.3'),
          ...expectsOneOf(inputs, 'siteConfig.scmMinTlsVersion', '1.2', '1.3'),
          ...expectsOneOf(inputs, 'siteConfig.ftpsState', 'Disabled'),
          ...expectsOneOf(inputs, 'siteConfig.remoteDebuggingEnabled', false, undefined),
        ]),
  ];
}

const transports: Readonly<Record<string, (one: Judged) => readonly Finding[]>> = {
  'azure-native:web:WebApp': site,
  'azure-native:web:WebAppSlot': site,
  'azure-native:storage:StorageAccount': ({ inputs }) => [
    ...expectsOneOf(inputs, 'enableHttpsTrafficOnly', true, undefined),
    ...expectsOneOf(inputs, 'minimumTlsVersion', 'TLS1_2', 'TLS1_3'),
  ],
};
