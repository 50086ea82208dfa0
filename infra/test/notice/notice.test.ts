import { createServer } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { type Fact, factId } from '../../contract/fact.ts';
import type { Ledger } from '../../contract/ports.ts';
import { releaseIdOf } from '../../contract/release.ts';
import { chainOn } from '../../ledger/chain.ts';
import { tellingLedger } from '../../notice/ledger.ts';
import { driftNotice, noticesOf, payload } from '../../notice/message.ts';
import { webhookNotifier } from '../../notice/webhook.ts';
import { Diary, manifest, sampleFacts } from '../page/sample-ledger.ts';

const facts = sampleFacts();
const trouble = sampleFacts('trouble');
const about = (all: readonly Fact[], pick: (fact: Fact) => boolean, run?: string) => {
  const found = all.findLast(pick);
  if (found === undefined) throw new Error('no such fact in the sample');
  return noticesOf({ facts: all.slice(0, all.indexOf(found) + 1), added: [found], run });
};

describe('what waits', () => {
  const [notice] = about(facts, (fact) => fact.kind === 'promotion');

  it('is told with everything that is needed to decide', () => {
    expect(notice?.headline).toMatch(/^rel-42-\w+ waits for an approval to enter prod$/);
    expect(notice?.lines[0]).toMatch(/who may approve it stands in policy\.yaml$/);
    expect(notice?.lines.join('\n')).toMatch(
      /asked for by dana, since 2026-11-21T10:05:07.000Z.*aws-prod: rel-40-\w+ → rel-42-\w+.*what changes: 3 updated, 1 replaced, 0 deleted.*verified in dev: aws-dev passed \(4 checks\), gcp-dev passed \(4 checks\), azure-dev passed.*14 of 1200 labels flip \(held-out data\).*npx trireme approve prm-42a0c1d2e3/s,
    );
  });

  it('leads to the run instead, where there is one', () => {
    const [linked] = about(facts, (fact) => fact.kind === 'promotion', 'https://github.com/o/r/actions/runs/1');
    expect(linked?.lines.join()).not.toContain('npx trireme approve');
    expect(JSON.stringify(payload(linked ?? { headline: '', lines: [] }))).toContain(
      '<https://github.com/o/r/actions/runs/1|Look at it>',
    );
  });
});

describe('what is noisy', () => {
  it.each<[string, RegExp, (fact: Fact) => boolean, readonly Fact[]]>([
    [
      'a broken glass',
      /^BREAK-GLASS approval for prod$/,
      (fact) => fact.kind === 'approval' && fact.body.breakGlass !== undefined,
      facts,
    ],
    ['a freeze', /^prod is frozen$/, (fact) => fact.kind === 'freeze', trouble],
    ['a hold', /^rel-38-\w+ is held$/, (fact) => fact.kind === 'hold', facts],
    ['a rollback', /^prod is being rolled back to rel-36-/, (fact) => fact.kind === 'rollback', facts],
    [
      'a failed promotion',
      /^the promotion of rel-42-\w+ failed in prod$/,
      (fact) => fact.kind === 'promotion' && fact.body.state === 'failed',
      trouble,
    ],
    [
      'a stack that went back',
      /^gcp-prod: rel-38-\w+ reverted$/,
      (fact) => fact.kind === 'deployment' && fact.stack === 'gcp-prod' && fact.body.state === 'reverted',
      facts,
    ],
    [
      'a stack that did not',
      /^gcp-prod: rel-42-\w+ revert-failed$/,
      (fact) => fact.kind === 'deployment' && fact.body.state === 'revert-failed',
      trouble,
    ],
  ])('%s is told', (_what, headline, pick, all) => {
    expect(about(all, pick).map((notice) => notice.headline)).toEqual([expect.stringMatching(headline)]);
  });

  it('says that the environment is split', () => {
    const [notice] = about(facts, (fact) => fact.kind === 'promotion' && fact.body.state === 'failed');
    expect(notice?.lines.join('\n')).toMatch(
      /prod is split: aws-prod runs rel-38-\w+, azure-prod runs rel-38-\w+, gcp-prod runs rel-36-/,
    );
  });

  it('is nothing that went as planned, nor what fails in dev', () => {
    const calm = facts.filter(
      (fact) =>
        fact.kind === 'release' ||
        fact.kind === 'verification' ||
        (fact.kind === 'deployment' && (fact.environment === 'dev' || fact.body.state === 'healthy')) ||
        (fact.kind === 'approval' && fact.body.breakGlass === undefined) ||
        (fact.kind === 'promotion' && (fact.body.state === 'started' || fact.body.state === 'succeeded')),
    );
    expect(calm.length).toBeGreaterThan(100);
    expect(noticesOf({ facts, added: calm, run: undefined })).toEqual([]);
  });

  it('lets no reason ping a channel or be a link', () => {
    const diary = new Diary('2026-11-20T08:00:00Z').write('<!here>', {
      kind: 'freeze',
      environment: 'prod',
      body: { reason: '<!channel> <https://x|y> &' },
    });
    const all = diary.facts();
    const sent = noticesOf({ facts: all, added: all, run: undefined }).map((notice) => JSON.stringify(payload(notice)));
    expect(sent.join()).toContain('&lt;!channel&gt; &lt;https://x|y&gt; &amp;');
    expect(sent.join()).not.toMatch(/<[!@#h]/);
  });
});

describe('a notice that is too long', () => {
  const link = 'https://github.com/o/r/actions/runs/1';
  const textOf = (notice: Parameters<typeof payload>[0]) => {
    const sent: { readonly text: string } = JSON.parse(JSON.stringify(payload(notice)));
    return sent.text;
  };

  it.each([
    ['plain words', 'x'],
    ['what is escaped', '<'],
    ['an ampersand', 'ab&'],
    ['surrogates', '🚢'],
  ])('is cut before its link, and between characters: %s', (_what, word) => {
    for (const shift of ['', 'a', 'aa', 'aaa', 'aaaa']) {
      const text = textOf({ headline: 'prod is frozen', lines: [shift + word.repeat(3_000)], link });
      expect(text.length).toBeLessThanOrEqual(2_900);
      expect(text.length).toBeGreaterThan(2_880);
      expect(text.endsWith(`…\n<${link}|Look at it>`)).toBe(true);
      expect(text.isWellFormed()).toBe(true);
      expect(text.replace(/&(amp|lt|gt);/g, '')).not.toContain('&');
    }
  });

  it('is whole where it just fits', () => {
    const lines = ['x'.repeat(2_900 - '*h*\n'.length)];
    expect(textOf({ headline: 'h', lines })).toBe(`*h*\n${lines[0]}`);
  });
});

/** Gives back what stands, also where it stood before, as the real one does. */
function memoryLedger() {
  const kept: Fact[] = [];
  const ledger: Ledger = {
    location: 'memory',
    facts: async () => [...kept],
    append: async (decide) => {
      const wanted = decide([...kept]);
      kept.push(...chainOn(kept, wanted));
      const ids = new Set(wanted.map((content) => factId(content)));
      return kept.filter(({ id }) => ids.has(id));
    },
  };
  return { kept, ledger };
}

describe('drift', () => {
  const look = { stack: 'aws-prod', release: 'rel-1', outcome: 'none', findings: [], untold: [] } as const;
  const finding = { where: 'service', field: 'ingress', declared: 'all', found: 'internal' };
  const drifted = { ...look, outcome: 'drift', findings: [finding] } as const;
  const unseen = {
    ...look,
    stack: 'gcp-prod',
    outcome: 'unknown',
    untold: ['gcp-prod was not looked at', 'ARM answered 403'],
  } as const;

  it('is quiet where all was looked at and nothing differs', () => {
    expect(driftNotice([look, { ...look, stack: 'gcp-prod' }], undefined)).toBeUndefined();
  });

  it('is told field by field, with the stacks that nobody could look at', () => {
    expect(driftNotice([look, drifted, unseen], 'https://github.com/o/r/actions/runs/1')).toEqual({
      headline: 'drift: aws-prod',
      lines: [
        'aws-prod: service ingress: declared all, found internal',
        'gcp-prod was not looked at',
        'gcp-prod: ARM answered 403',
      ],
      link: 'https://github.com/o/r/actions/runs/1',
    });
  });

  it('that nobody could look for is told too', () => {
    expect(driftNotice([look, unseen], undefined)?.headline).toBe('nobody could look for drift: gcp-prod');
  });
});

describe('the webhook', () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });

  async function listener(answer: 'ok' | 'error' | 'silence') {
    const received: string[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => received.push(text));
      request.on('end', () => {
        if (answer !== 'silence') response.writeHead(answer === 'ok' ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return { url: `http://127.0.0.1:${port}/services/secret`, received };
  }

  /** @param limitMs short only where the answer never comes. */
  async function prepared(url: string, limitMs = 60_000): Promise<readonly string[]> {
    const said: string[] = [];
    const notifier = webhookNotifier({ url, fetch, talk: (line) => said.push(line), limitMs });
    const { kept, ledger: silent } = memoryLedger();
    const ledger = tellingLedger(silent, notifier);
    const made = manifest(1);
    const contents = new Diary('2026-11-20T08:00:00Z').prepare('prm-1', made, null).facts();
    for (let again = 0; again < 2; again++) {
      await ledger.append(() =>
        contents.map(({ id: _id, previous: _previous, chain: _chain, schema: _schema, ...content }) => content),
      );
    }
    expect(kept).toHaveLength(1);
    return said;
  }

  it('is told once of a fact that is sent twice, in the form Slack takes', async () => {
    const { url, received } = await listener('ok');
    expect(await prepared(url)).toEqual([]);
    expect(received).toHaveLength(1);
    const sent: unknown = JSON.parse(received[0] ?? '');
    const headline = `${releaseIdOf(manifest(1))} waits for an approval to enter prod`;
    expect(sent).toMatchObject({
      text: expect.stringContaining(headline),
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: expect.stringContaining(`*${headline}*`) } }],
    });
  });

  it.each([
    ['refuses', 'error', 'the notice was not sent: the webhook answered 500'],
    ['says nothing', 'silence', 'the notice was not sent: the webhook gave no answer in 0.3 s'],
  ] as const)('that %s stops nothing, and is not named', async (_what, answer, line) => {
    const { url } = await listener(answer);
    expect(await prepared(url, answer === 'silence' ? 300 : undefined)).toEqual([line]);
  });

  it('that is not there stops nothing, and is not named', async () => {
    expect(await prepared('http://127.0.0.1:1/services/secret')).toEqual([
      'the notice was not sent: the webhook could not be reached',
    ]);
  });
});
