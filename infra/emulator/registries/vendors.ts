// How the three vendors' registries differ, as data: host, challenge, who makes a repository, what an answer leaves out.
import type { Cloud } from '../../contract/stack.ts';
import { accounts } from '../world.ts';

export interface RegistryVendor {
  readonly cloud: Cloud;
  /** The host that resources name when nothing else is said. */
  readonly host: string;
  /** Any host of this vendor, whatever the account or region. */
  readonly hostPattern: RegExp;
  readonly challenge: (base: string, host: string, repository: string | undefined) => string;
  /** Does the vendor take this header? */
  readonly accepts: (authorization: string) => boolean;
  /** The created repository that a push to this one belongs to; `null` where pushing needs none, `undefined` where nothing may lie. */
  readonly createdAs: (repository: string) => string | null | undefined;
  /** ECR leaves `Docker-Content-Digest` out of some answers: a client has to compute it. */
  readonly omitsDigestHeader: boolean;
  /** Does it list by itself what refers to an image? Where it does not, whoever pushes keeps the list under a tag. */
  readonly listsReferrers: boolean;
}

const bearer = /^Bearer emulated\S*$/;

export const registryVendors: Readonly<Record<Cloud, RegistryVendor>> = {
  // https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
  aws: {
    cloud: 'aws',
    host: `${accounts.aws.accountId}.dkr.ecr.eu-west-1.amazonaws.com`,
    hostPattern: /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com$/,
    challenge: (_base, host) => `Basic realm="https://${host}/",service="ecr.amazonaws.com"`,
    accepts: (authorization) => /^AWS:.+/.test(userAndPassword(authorization)),
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/docker-push-ecr-image.html: the repository must exist.
    createdAs: (repository) => repository,
    omitsDigestHeader: true,
    // https://docs.aws.amazon.com/AmazonECR/latest/userguide/images.html: OCI 1.1.
    listsReferrers: true,
  },
  // https://cloud.google.com/artifact-registry/docs/docker/authentication
  gcp: {
    cloud: 'gcp',
    host: 'europe-west1-docker.pkg.dev',
    hostPattern: /^[a-z0-9-]+-docker\.pkg\.dev$/,
    challenge: (base, host, repository) => `Bearer realm="${base}/v2/token",service="${host}"${scope(repository)}`,
    accepts: (authorization) =>
      bearer.test(authorization) || /^oauth2accesstoken:emulated/.test(userAndPassword(authorization)),
    // `<project>/<repository>` is created; images lie below it: https://cloud.google.com/artifact-registry/docs/docker/names
    createdAs(repository) {
      const steps = repository.split('/');
      return steps.length < 3 ? undefined : steps.slice(0, 2).join('/');
    },
    omitsDigestHeader: false,
    // Assumed: no page of Google's promises it, and a client must do without.
    listsReferrers: false,
  },
  // https://learn.microsoft.com/azure/container-registry/container-registry-authentication
  azure: {
    cloud: 'azure',
    host: 'triremeemulated.azurecr.io',
    hostPattern: /^[a-z0-9]{5,50}\.azurecr\.io$/,
    challenge: (base, host, repository) => `Bearer realm="${base}/oauth2/token",service="${host}"${scope(repository)}`,
    accepts: (authorization) => bearer.test(authorization),
    createdAs: () => null,
    omitsDigestHeader: false,
    // https://learn.microsoft.com/azure/container-registry/container-registry-manage-artifact
    listsReferrers: true,
  },
};

/** What stands in a Basic header; empty for any other. */
export function userAndPassword(authorization: string): string {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/.exec(authorization)?.[1];
  return encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString();
}

function scope(repository: string | undefined): string {
  return repository === undefined ? '' : `,scope="repository:${repository}:pull,push"`;
}
