import { describe, expect, it } from 'vitest';
import { attestations, judgeBundle } from '../../attestation/attestations.ts';
import { type AttestationStore, githubStore } from '../../attestation/github.ts';
import { githubRepository } from '../../attestation/signer.ts';
import { type PredicateName, provenanceOf, statementAbout } from '../../attestation/statement.ts';
import { parseTrustedRoots } from '../../attestation/trusted-root.ts';
import { DeliveryError } from '../../contract/errors.ts';
import { createSigner, type SigningRun } from '../../emulator/github/sigstore.ts';
import { digest, goodRun, manifest } from './sample-release.ts';

const signer = await createSigner();
const impostor = await createSigner();
const roots = parseTrustedRoots(signer.trustedRoot, 'a test');
const provenance = provenanceOf(manifest, { bases: [], buildArgs: {} });
const hour = 3_600_000;

interface Made {
  readonly run?: Partial<SigningRun>;
  readonly by?: typeof signer;
  readonly digest?: string;
  readonly predicate?: PredicateName;
  readonly content?: unknown;
  readonly validity?: { readonly beforeMs: number; readonly afterMs: number };
}

function bundle(made: Made = {}): Promise<unknown> {
  const { by = signer, run = {}, predicate = 'provenance', content = provenance } = made;
  const statement = statementAbout('trireme', made.digest ?? digest, predicate, content);
  return by.attest(statement, { ...goodRun, ...run }, new Date(), made.validity);
}

/** Changes the text of a bundle, wherever it stands in it. */
function altered(made: unknown, change: (text: string) => string): unknown {
  const before = JSON.stringify(made);
  const after = change(before);
  expect(after).not.toBe(before);
  return JSON.parse(after);
}

function withPayload(made: unknown, change: (payload: string) => string): unknown {
  return altered(made, (text) =>
    text.replace(/"payload":"([^"]+)"/, (_, encoded: string) => {
      const payload = change(Buffer.from(encoded, 'base64').toString());
      return `"payload":"${Buffer.from(payload).toString('base64')}"`;
    }),
  );
}

const refused: readonly (readonly [what: string, made: () => Promise<unknown>, word: RegExp])[] = [
  [
    'another workflow',
    () => bundle({ run: { workflow: '.github/workflows/evil.yml' } }),
    /workflow: expected .*release\.yml@refs\/heads\/main; found .*evil\.yml/,
  ],
  [
    'another branch',
    () => bundle({ run: { ref: 'refs/heads/feature' } }),
    /branch: expected refs\/heads\/main; found refs\/heads\/feature/,
  ],
  [
    'a branch whose name differs by case alone',
    () => bundle({ run: { ref: 'refs/heads/Main' } }),
    /workflow: expected .*@refs\/heads\/main; found .*@refs\/heads\/Main; branch: /,
  ],
  [
    'a file whose name differs by case alone',
    () => bundle({ run: { workflow: '.github/workflows/Release.yml' } }),
    /workflow: expected .*\/release\.yml@.*; found .*\/Release\.yml@/,
  ],
  [
    'another repository',
    () => bundle({ run: { repository: 'mallory/wine' } }),
    /repository: expected .*team\/wine; found .*mallory\/wine/,
  ],
  [
    'a repository whose name begins the same',
    () => bundle({ run: { repository: 'team/wine-2' } }),
    /repository: .*team\/wine-2/,
  ],
  [
    'another issuer',
    () => bundle({ run: { issuer: 'https://accounts.google.com' } }),
    /issuer: expected .*; found https:\/\/accounts\.google\.com/,
  ],
  ['another commit', () => bundle({ run: { commit: 'a'.repeat(40) } }), /commit: expected c+; found a+/],
  [
    'a self-hosted runner',
    () => bundle({ run: { runner: 'self-hosted' } }),
    /runner: expected github-hosted; found self-hosted/,
  ],
  ['another digest', () => bundle({ digest: `sha256:${'0'.repeat(64)}` }), /subject: expected d+; found 0+/],
  [
    'an authority of somebody else',
    () => bundle({ by: impostor }),
    /not to be believed: .*certificate chain|not to be believed: inclusion promise/,
  ],
  [
    'a certificate that had ended when it signed',
    () => bundle({ validity: { beforeMs: 2 * hour, afterMs: -hour } }),
    /not to be believed: .*(expired|certificate chain)/,
  ],
  [
    'a certificate that was not valid yet',
    () => bundle({ validity: { beforeMs: -hour, afterMs: 2 * hour } }),
    /not to be believed: .*(not valid|certificate chain)/,
  ],
  [
    'a payload changed afterwards',
    async () =>
      withPayload(await bundle({ digest: `sha256:${'0'.repeat(64)}` }), (text) =>
        text.replace('0'.repeat(64), 'd'.repeat(64)),
      ),
    /not to be believed: .*(payload|signature)/,
  ],
  [
    'a time changed afterwards',
    async () => altered(await bundle(), (text) => text.replace(/"integratedTime":"\d/, '"integratedTime":"2')),
    /not to be believed/,
  ],
  [
    'no time at all',
    async () => altered(await bundle(), (text) => text.replace(/"inclusionPromise":\{[^}]*\},/, '')),
    /not to be believed: .*timestamp/,
  ],
  [
    'no entry in the log',
    async () =>
      altered(await bundle(), (text) =>
        text.replace(/"tlogEntries":\[.*?\}\],"timestamp/, '"tlogEntries":[],"timestamp'),
      ),
    /not to be believed/,
  ],
  ['what is no bundle', async () => ({ mediaType: 'text/plain' }), /not to be believed/],
  [
    'provenance of another commit',
    () =>
      bundle({
        content: provenanceOf(
          { ...manifest, source: { ...manifest.source, commit: 'b'.repeat(40) } },
          { bases: [], buildArgs: {} },
        ),
      }),
    /source commit: expected c+; found b+/,
  ],
  [
    'provenance of another lock file',
    () =>
      bundle({
        content: provenanceOf(
          { ...manifest, build: { ...manifest.build, lockfile: digest } },
          { bases: [], buildArgs: {} },
        ),
      }),
    /lock file: expected e+; found d+/,
  ],
  [
    'provenance of another model',
    () =>
      bundle({
        content: provenanceOf({ ...manifest, models: [{ name: 'wine', digest }] }, { bases: [], buildArgs: {} }),
      }),
    /model wine: expected f+; found d+/,
  ],
  ['provenance of another form', () => bundle({ content: { by: 'me' } }), /provenance: expected SLSA's form/],
];

describe('a bundle', () => {
  it('of the release workflow on main, about this digest, is good', async () => {
    expect(judgeBundle(await bundle(), roots, 'team/wine', manifest).faults).toEqual([]);
  });

  it('of the repository as GitHub writes it is good, however the manifest does', async () => {
    expect(judgeBundle(await bundle(), roots, 'Team/Wine', manifest).faults).toEqual([]);
  });

  it.each(refused)('of %s is refused by name', async (_what, made, word) => {
    expect(judgeBundle(await made(), roots, 'team/wine', manifest).faults.join('; ')).toMatch(word);
  });
});

describe('what delivery is told', () => {
  const verify = (bundles: readonly unknown[] | DeliveryError, source = manifest.source.repository) => {
    const store: AttestationStore = {
      bundles: async () => {
        if (bundles instanceof DeliveryError) throw bundles;
        return bundles;
      },
    };
    return attestations({ store, roots, repositoryOf: githubRepository, now: () => 0 }).verify({
      ...manifest,
      source: { ...manifest.source, repository: source },
    });
  };
  const outcomes = async (...words: Parameters<typeof verify>) =>
    (await verify(...words)).map(({ name, outcome }) => `${name} ${outcome}`);

  it('passed for both, when both are attested', async () => {
    const both = [await bundle(), await bundle({ predicate: 'sbom', content: { bomFormat: 'CycloneDX' } })];
    expect(await outcomes(both)).toEqual(['provenance passed', 'sbom passed']);
  });

  it('could not tell, where nothing is attested, nobody answers, or nobody can attest', async () => {
    const none = ['provenance errored', 'sbom errored'];
    expect(await outcomes([])).toEqual(none);
    expect(await outcomes(new DeliveryError('errored', 'HTTP 503'))).toEqual(none);
    expect(await outcomes([], 'checkout')).toEqual(none);
  });

  it('failed, when all there is about it is bad', async () => {
    expect(await outcomes([await bundle({ run: { runner: 'self-hosted' } })])).toEqual([
      'provenance failed',
      'sbom errored',
    ]);
    expect(await outcomes([await bundle({ by: impostor })])).toEqual(['provenance failed', 'sbom failed']);
  });

  it('passed, when a bad one lies beside a good one: anybody who may write attestations could put it there', async () => {
    const [first] = await verify([await bundle({ by: impostor }), await bundle()]);
    expect(first).toMatchObject({ name: 'provenance', outcome: 'passed', found: goodRun.run });
  });
});

describe("GitHub's list of attestations", () => {
  const asked: Request[] = [];
  const store = (status: number, body: unknown, token?: string) =>
    githubStore({
      apiUrl: 'https://api.github.com',
      token,
      ask: async (...request) => {
        asked.push(new Request(...request));
        return Response.json(body, { status });
      },
    });

  it('is asked by digest, with the token', async () => {
    const made = await bundle();
    const found = await store(
      200,
      { attestations: [{ bundle: made, repository_id: 1 }, { bundle: null }] },
      'secret',
    ).bundles('team/wine', digest);
    expect(found).toEqual([made]);
    expect(asked.at(-1)?.url).toMatch(/^https:\/\/api\.github\.com\/repos\/team\/wine\/attestations\/sha256%3Ad{64}\?/);
    expect(asked.at(-1)?.headers.get('authorization')).toBe('Bearer secret');
  });

  it('has nothing where GitHub knows none, and could not be read where it refuses', async () => {
    expect(await store(404, { message: 'Not Found' }).bundles('team/wine', digest)).toEqual([]);
    await expect(store(403, {}).bundles('team/wine', digest)).rejects.toMatchObject({ code: 'errored' });
    await expect(store(200, { other: 1 }).bundles('team/wine', digest)).rejects.toMatchObject({
      code: 'document-invalid',
    });
  });
});

it('a source on GitHub names its repository, anything else none', () => {
  expect(
    [
      'github.com/team/wine',
      'https://github.com/team/wine.git',
      'gitlab.com/team/wine',
      'checkout',
      'github.com/team',
    ].map(githubRepository),
  ).toEqual(['team/wine', 'team/wine', undefined, undefined, undefined]);
});

describe('a release of an image that an earlier commit built', () => {
  const settings = { ...manifest.source, commit: 'b'.repeat(40) };
  const later = { ...manifest, source: settings, build: { ...manifest.build, commit: manifest.source.commit } };

  it('is held against the commit that built it', async () => {
    expect(judgeBundle(await bundle(), roots, goodRun.repository, later).faults).toEqual([]);
  });

  it('is not what its own commit would have built', async () => {
    const run = { commit: settings.commit };
    const content = provenanceOf({ ...manifest, source: settings }, { bases: [], buildArgs: {} });
    const { faults } = judgeBundle(await bundle({ run, content }), roots, goodRun.repository, later);
    expect(faults).toEqual([expect.stringMatching(/^commit: /), expect.stringMatching(/^source commit: /)]);
  });
});
