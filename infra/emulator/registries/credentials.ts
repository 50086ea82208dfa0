// What the emulated registries take for a login, so that whoever is told to use the emulated clouds can log in to them.
import type { Cloud } from '../../contract/stack.ts';

/** ECR's user is always `AWS`; its password is what GetAuthorizationToken hands out. */
export const emulatedEcrToken = 'emulated-ecr-token';
/** Any token that begins so is taken for an access token. */
export const emulatedTokenPrefix = 'emulated';
export const emulatedAccessToken = `${emulatedTokenPrefix}-access-token`;

/** The Authorization header each vendor's registry expects at its emulated self. */
export const emulatedAuthorization: Readonly<Record<Cloud, string>> = {
  aws: basic('AWS', emulatedEcrToken),
  gcp: `Bearer ${emulatedAccessToken}`,
  azure: `Bearer ${emulatedAccessToken}`,
};

export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}
