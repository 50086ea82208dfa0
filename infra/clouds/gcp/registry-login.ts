// Logs in to Artifact Registry: https://cloud.google.com/artifact-registry/docs/docker/authentication#token
import type { RegistryLogin } from '../connection.ts';

/** Rights it needs: `artifactregistry.repositories.downloadArtifacts`, to publish also `uploadArtifacts`. */
export function artifactRegistryLogin(token: () => Promise<string>): RegistryLogin {
  return async () => `Basic ${Buffer.from(`oauth2accesstoken:${await token()}`).toString('base64')}`;
}
