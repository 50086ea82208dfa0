// Signatures over approvals with people's own SSH keys: a thin shell around `ssh-keygen -Y` (https://man.openbsd.org/ssh-keygen).
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeliveryError } from '../contract/errors.ts';
import type { Signatures } from '../contract/ports.ts';
import { signatureNamespace } from '../delivery/binding.ts';
import type { Variables } from './environment.ts';

/**
 * Signs with a private key, or with a public one whose private half an agent holds. A passphrase is asked for by ssh-keygen itself.
 * @param shell PATH, and SSH_AUTH_SOCK where an agent runs. @throws DeliveryError `cli-missing`, or `usage` when the key can't sign.
 */
export function signWith(shell: Variables, keyFile: string): (text: string) => Promise<string> {
  return async (text) => {
    const { code, stdout, stderr } = await run(
      shell,
      ['-Y', 'sign', '-n', signatureNamespace, '-f', expandHome(shell, keyFile)],
      text,
    );
    if (code === 0 && stdout.startsWith('-----BEGIN SSH SIGNATURE-----')) return stdout;
    throw new DeliveryError('usage', `expected an SSH key that can sign in ${keyFile}; found: ${lastLine(stderr)}`, {
      hint: 'the file of a private key, or a .pub file whose key an agent holds; to make one: ssh-keygen -t ed25519',
    });
  };
}

/**
 * First whether anybody signed exactly that text, then whether policy.yaml lists the key for that login: a refusal says which.
 * Both are ssh-keygen's judgement. @throws DeliveryError `cli-missing`.
 */
export function sshSignatures(shell: Variables): Signatures {
  return {
    async verify({ text, signature, login, keys }) {
      const own = keys.filter((one) => one.login.toLowerCase() === login.toLowerCase());
      const folder = await mkdtemp(join(tmpdir(), 'trireme-signature-'));
      try {
        const [sigFile, allowedFile] = [join(folder, 'approval.sig'), join(folder, 'allowed_signers')];
        await writeFile(sigFile, signature);
        await writeFile(allowedFile, own.map(({ key }) => allowedSigner(login, key)).join(''));
        const about = ['-n', signatureNamespace, '-s', sigFile];
        const anybody = await run(shell, ['-Y', 'check-novalidate', ...about], text);
        if (anybody.code !== 0) {
          return `the signature by ${login} does not belong to what was approved (${lastLine(anybody.stderr || anybody.stdout)})`;
        }
        const listed = await run(shell, ['-Y', 'verify', ...about, '-f', allowedFile, '-I', login], text);
        if (listed.code === 0) return undefined;
        const key = /with (\S+ key \S+)/.exec(anybody.stdout)?.[1] ?? 'an unknown key';
        return `the signature was made by ${key}, which policy.yaml does not list for ${login}`;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** One line of an allowed_signers file; the key without its comment. A login has no blanks: the policy sees to it. */
function allowedSigner(login: string, key: string): string {
  return `${login} namespaces="${signatureNamespace}" ${key.trim().split(/\s+/).slice(0, 2).join(' ')}\n`;
}

function expandHome({ HOME }: Variables, file: string): string {
  return HOME !== undefined && file.startsWith('~/') ? join(HOME, file.slice(2)) : file;
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(shell: Variables, args: readonly string[], input: string): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('ssh-keygen', args, { env: { ...shell, LC_ALL: 'C' }, stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', (cause) => reject(missing(cause)));
    child.on('close', (code) =>
      resolve({ code: code ?? 1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
    // It may refuse its arguments and be gone before it read anything; its exit code tells.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function missing(cause: Error): DeliveryError {
  return new DeliveryError('cli-missing', `expected \`ssh-keygen\` on PATH; found: ${cause.message}`, {
    hint: 'signed approvals need OpenSSH 8.2 or newer: install openssh-client',
    cause,
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
