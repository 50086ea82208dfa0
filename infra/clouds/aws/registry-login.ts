// Logs in to ECR: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html
import type { RegistryLogin } from '../connection.ts';

/** The part of the SDK's client that is used. */
export interface EcrTokens {
  /** `AWS:<password>` in base64, good for twelve hours. */
  authorizationToken(region: string): Promise<string | undefined>;
}

/** Right it needs: `ecr:GetAuthorizationToken`. */
export function ecrLogin(tokens: EcrTokens = sdkTokens): RegistryLogin {
  return async (host) => {
    const region = /^\d{12}\.dkr\.ecr\.(?<region>[a-z0-9-]+)\.amazonaws\.com$/.exec(host)?.groups?.region;
    if (region === undefined) return undefined;
    const token = await tokens.authorizationToken(region);
    return token === undefined ? undefined : `Basic ${token}`;
  };
}

const sdkTokens: EcrTokens = {
  async authorizationToken(region) {
    const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
    const client = new ECRClient({ region });
    try {
      const { authorizationData } = await client.send(new GetAuthorizationTokenCommand({}));
      return authorizationData?.[0]?.authorizationToken;
    } finally {
      client.destroy();
    }
  },
};
