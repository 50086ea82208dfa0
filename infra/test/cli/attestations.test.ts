import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attestingRepository, openAttestations } from '../../cli/attestations.ts';
import { attestationReasons } from '../../delivery/attestation.ts';
import { manifest } from '../page/sample-ledger.ts';

const run = promisify(execFile);
const actions = { repository: 'team/wine', runId: '7', token: 'none', apiUrl: '', serverUrl: '' };
const emulated = { since: 'now', timeScale: 1 };
let checkout: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'trireme-attesting-'));
  await run('git', ['init', '-q', checkout]);
});
afterEach(() => rm(checkout, { recursive: true, force: true }));

it.each([
  ['this repository, in a run', { actions }, undefined, 'github.com/team/wine', 'team/wine'],
  ['this repository, written otherwise', { actions }, undefined, 'github.com/Team/Wine', 'Team/Wine'],
  ["somebody's own, in a run", { actions }, 'https://github.com/mallory/wine', 'github.com/mallory/wine', undefined],
  ['this repository, in a clone', {}, 'git@github.com:team/wine.git', 'github.com/team/wine', 'team/wine'],
  ["somebody's own, in a clone", {}, 'git@github.com:team/wine.git', 'github.com/mallory/wine', undefined],
  ['any, in a clone of nothing', {}, undefined, 'github.com/team/wine', 'team/wine'],
  ['any, on emulated clouds', { emulated }, 'git@github.com:team/wine.git', 'checkout', 'emulated/checkout'],
] as const)('%s: who may attest it is told by where this is, not by the release alone', async (...row) => {
  const [, where, origin, source, expected] = row;
  if (origin !== undefined) await run('git', ['-C', checkout, 'remote', 'add', 'origin', origin]);
  const repositoryOf = await attestingRepository({ emulated: undefined, actions: undefined, checkout, ...where });
  expect(repositoryOf(source)).toBe(expected);
});

it.each([
  ['.trireme/trusted-root.jsonl that is no JSON', 'not a root\n', {}],
  ['.trireme/trusted-root.jsonl that names no authority', '{}\n', {}],
  ['a file that is named and not there', undefined, { TRIREME_TRUSTED_ROOT: '/nowhere/roots.jsonl' }],
])('%s tells nothing about an image: it stops what must be attested, and no rollback', async (...row) => {
  const [, roots, variables] = row;
  const path = join(checkout, 'trusted-root.jsonl');
  if (roots !== undefined) await writeFile(path, roots);
  const checks = await openAttestations({
    checkout,
    stateDirectory: checkout,
    shell: {},
    variables,
    emulated: undefined,
    ledger: checkout,
    login: undefined,
    actions: undefined,
    github: { token: undefined, repository: undefined, apiUrl: '' },
  }).verify(manifest(1));
  expect(checks.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['provenance errored', 'sbom errored']);
  expect(checks[0]?.found).toMatch(/expected trusted roots.*gh attestation trusted-root > /);
  expect(attestationReasons('required', checks)).toHaveLength(2);
  expect(attestationReasons('where-possible', checks)).toEqual([]);
});
