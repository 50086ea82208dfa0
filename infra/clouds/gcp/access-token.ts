// Google's access tokens, from wherever this machine's credentials are: a key file, workload identity, the metadata server, gcloud.

/** Asks on first use: a command that never speaks to Google must not pay for it. */
export function googleAccessToken(): () => Promise<string> {
  let auth: Promise<{ getAccessToken(): Promise<string | null | undefined> }> | undefined;
  return async () => {
    auth ??= import('google-auth-library').then(
      ({ GoogleAuth }) => new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' }),
    );
    const token = await (await auth).getAccessToken();
    if (!token) throw new Error('expected an access token from the credentials of this machine; found none');
    return token;
  };
}
