// Which repository this is, with the ids that nobody else can have: asked of GitHub, with a token of the shell or the login of `gh`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { DeliveryError } from '../../contract/errors.ts';
import { type TrustedRepository, trustedRepository } from '../../contract/service.ts';
import { runGit } from '../../ledger/git-command.ts';
import type { CliEnvironment } from '../environment.ts';

// https://docs.github.com/rest/repos/repos#get-a-repository
const repositoryAnswer = z.object({
  id: z.int(),
  name: z.string(),
  owner: z.object({ id: z.int(), login: z.string() }),
});
const subjectAnswer = z.object({ use_immutable_subject: z.boolean().optional() });

type Asking = Pick<CliEnvironment, 'github' | 'shell' | 'checkout'>;

/** Never throws what a person could mend: the reason is given back. */
export async function findRepository(environment: Asking): Promise<TrustedRepository | { readonly missing: string }> {
  const { apiUrl } = environment.github;
  const repository = environment.github.repository ?? (await repositoryOfCheckout(environment));
  if (repository === undefined)
    return { missing: 'this checkout has no remote on GitHub, and GITHUB_REPOSITORY is not set' };
  const token = environment.github.token ?? (await tokenOfGh(environment));
  if (token === undefined) return { missing: 'GITHUB_TOKEN is not set, and gh is not logged in' };
  const { connectGithub } = await import('../../github/client.ts');
  try {
    const github = await connectGithub({ repository, token, apiUrl });
    const found = await github.get('', repositoryAnswer);
    const subject = await github.find('actions/oidc/customization/sub', subjectAnswer).catch(() => undefined);
    return trustedRepository.parse({
      owner: found.owner.login,
      ownerId: String(found.owner.id),
      repository: found.name,
      repositoryId: String(found.id),
      // Only where GitHub itself says that ids are not sent.
      legacySubject: subject?.use_immutable_subject === false,
    });
  } catch (error) {
    if (error instanceof DeliveryError) return { missing: error.message };
    throw error;
  }
}

async function repositoryOfCheckout({ checkout }: Asking): Promise<string | undefined> {
  const { code, stdout } = await runGit(['-C', checkout, 'remote', 'get-url', 'origin']);
  return code === 0 ? repositoryIn(stdout.toString()) : undefined;
}

/** `git@github.com:owner/name.git`, `https://github.com/owner/name`. */
export function repositoryIn(remote: string): string | undefined {
  return /^(?:https:\/\/(?:[^@/]+@)?github\.com\/|(?:ssh:\/\/)?git@github\.com[:/])([^/\s]+\/[^/\s]+?)(?:\.git)?\/?\s*$/.exec(
    remote,
  )?.[1];
}

async function tokenOfGh({ shell }: Asking): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('gh', ['auth', 'token'], { env: { ...shell }, timeout: 10_000 });
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}
