// One release: what it is, where it stands, what it changes, who let it in, and the evidence.
import type { FactOf } from '../contract/fact.ts';
import { type ModelOfRelease, manifestHash, modelTitle } from '../contract/release.ts';
import { onStack } from '../ledger/index-of.ts';
import { waysBackTo } from './back.ts';
import { type Book, factsOf, holdOf, type ModelFigure, type PromotionStory, promotionsOf } from './book.ts';
import { differenceTable, planSummary, planTables } from './change.ts';
import { evidenceOf } from './evidence.ts';
import { factTable } from './history.ts';
import { command, type Html, html, link, type Part } from './html.ts';
import { predictionPart } from './prediction.ts';
import { type Page, pairs, table } from './shell.ts';
import { digest, duration, moment, releaseLink, releaseName, shortRelease, stateOf } from './words.ts';

/** @param before the release made before it. */
export function releasePage(book: Book, made: FactOf<'release'>, before: FactOf<'release'> | undefined): Page {
  const { release } = made;
  const hold = holdOf(book, release);
  const promotions = promotionsOf(book, release);
  const ways = waysBackTo(book, release);
  const evidence = evidenceOf(book, release);
  const content = html`<h1>${releaseName(release)}</h1>
<p class="lead">made ${moment(made.at)} by ${made.actor.login}</p>
${hold !== undefined && html`<p class="notice bad"><b>Held:</b> ${hold.body.reason}, by ${hold.actor.login}, ${moment(hold.at)}. No environment takes it until it is no longer held.</p>`}
${section('where', 'Where it stands', standing(book, release))}
${section('what', 'What it is', identity(book, made))}
${before !== undefined && section('changes', `What changed since ${shortRelease(before.release)}`, html`<p>${releaseLink(before.release)} → ${shortRelease(release)}. Any two releases: <a href="compare.html">compare</a>.</p>${differenceTable('What differs', before.body.manifest, made.body.manifest)}`)}
${promotions.length > 0 && section('promotions', 'Promotions', promotions.map(promotionCard))}
${evidence.length > 0 && section('evidence', 'Evidence', evidence)}
${ways.length > 0 && section('back', 'Go back to it', html`<p>Proven there before: no approval is asked, and the proof is the same.</p>${ways}`)}
${section('history', 'History', factTable([...factsOf(book, release)].reverse()))}`;
  return { title: shortRelease(release), under: 'index.html', content };
}

function section(id: string, name: string, content: Part): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${name}</h2>${content}</section>`;
}

function standing(book: Book, release: string): Html {
  const rows = book.stacks.flatMap(({ stack }) => {
    const cell = book.cells.get(onStack(stack.name, release));
    const last = book.index.tries.get(onStack(stack.name, release))?.[0];
    if (cell === undefined || last === undefined) return [];
    const { endpoint, revision, reason, replaced } = last.body;
    return [
      [
        html`<b>${stack.name}</b>`,
        stateOf(cell.state, cell.live),
        html`${moment(last.at)}${cell.seconds !== null && html`<br><small>took ${duration(cell.seconds)}</small>`}`,
        replaced === null ? 'nothing' : releaseLink(replaced),
        cell.approvedBy ?? '–',
        html`${endpoint !== undefined && link(endpoint, endpoint)}${revision !== undefined && html`<br><small>${revision}</small>`}${reason !== undefined && html`<p class="reason">${reason}</p>`}`,
      ],
    ];
  });
  if (rows.length === 0)
    return html`<p class="quiet">It was never deployed.</p>${command('deploy', '--release', release)}`;
  return table('Its newest try on each stack', ['stack', 'state', 'since', 'replaced', 'approved by', 'at'], rows);
}

function identity(book: Book, { release, body: { manifest } }: FactOf<'release'>): Html {
  const { source, image, build, models, infra } = manifest;
  const attestation = factsOf(book, release).findLast((fact) => fact.kind === 'attestation');
  return pairs([
    [
      'Commit',
      html`${commitLink(source.repository, source.commit)}${source.dirty && html` <b class="warn">with files that no commit holds</b>`}`,
    ],
    ['Authors', html`<ul>${source.authors.map((author) => html`<li>${author}</li>`)}</ul>`],
    [
      'Image',
      html`<code>${image.digest}</code><br><small>${image.builder} ${image.builderVersion}, ${image.platform}, ${(image.size / 1e6).toFixed(1)} MB</small>`,
    ],
    [
      'Copies',
      html`<ul>${image.copies.map(({ cloud, ref }) => html`<li>${cloud}: <code>${ref.split('@')[0]}</code></li>`)}</ul>`,
    ],
    [
      'Build',
      html`<code>${build.buildId}</code>, Node ${build.node}, lock file ${digest(build.lockfile)}${build.commit !== undefined && html`, from ${commitLink(source.repository, build.commit)}: nothing that enters an image changed since`}`,
    ],
    ['Manifest', html`<code>sha256:${manifestHash(manifest)}</code>`],
    ['Infrastructure', html`program ${digest(infra.program)}`],
    ...models.map((model): readonly [string, Part] => [capital(modelTitle(model)), modelPart(book, release, model)]),
    ['Attested', attestation?.kind === 'attestation' ? attested(attestation) : 'nothing is recorded'],
  ]);
}

function attested({ body }: FactOf<'attestation'>): Html {
  if (!body.attested) return html`<b class="warn">not attested</b>: ${body.note}`;
  return html`<b class="good">yes</b>, to ${digest(body.subject)}: <ul>${body.predicates.map((type) => html`<li><code>${type}</code></li>`)}</ul>${body.sbom !== undefined && html`SBOM ${digest(body.sbom)}. `}${body.note}`;
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);

function modelPart(book: Book, release: string, model: ModelOfRelease): Html {
  const own = book.models?.get(model.digest) ?? [];
  const running = runningModel(book, release, model);
  const before = running === undefined ? undefined : book.models?.get(running.digest);
  const figures = own.map((figure) => {
    const was = before?.find((one) => one.name === figure.name);
    return html`<li>${figure.name}: ${was !== undefined && `${rounded(was.value)} → `}<b>${rounded(figure.value)}</b>${interval(figure)}</li>`;
  });
  const same = running?.digest === model.digest;
  return html`${digest(model.digest)}${running !== undefined && html`<small>, ${same ? 'the same as' : 'another than'} ${shortRelease(running.release)}, which prod runs</small>`}${figures.length > 0 && html`<ul>${figures}</ul>`}`;
}

/** The model of that name and label which prod runs, when prod runs another release. */
function runningModel({ environments, index }: Book, release: string, { name, label }: ModelOfRelease) {
  const runs = environments.find(({ environment }) => environment === 'prod')?.release;
  if (runs === undefined || runs === release) return undefined;
  const models = index.release.get(runs)?.body.manifest.models;
  const model = models?.find((one) => one.name === name && one.label === label);
  return model === undefined ? undefined : { release: runs, digest: model.digest };
}

const rounded = (value: number) => Number(value.toPrecision(4)).toString();

function interval({ low, high }: ModelFigure): string | undefined {
  return low === undefined || high === undefined ? undefined : ` (${rounded(low)} to ${rounded(high)})`;
}

function commitLink(repository: string, commit: string): Html {
  const web = repository.replace(/\.git$/, '');
  const isGitHub = /^https:\/\/github\.com\/[\w.-]+\/[\w.-]+$/.test(web);
  return isGitHub
    ? html`<code>${link(`${web}/commit/${commit}`, commit)}</code>`
    : html`<code>${commit}</code> of ${repository}`;
}

function promotionCard({ prepared, approvals, state, staleSince, reason }: PromotionStory): Html {
  const { environment, body, release, at } = prepared;
  const last = approvals.at(-1);
  return html`<article class="card"><h3>to ${environment}: ${staleSince === undefined ? state : 'stale'}</h3>
${reason !== undefined && html`<p class="reason">${reason}</p>`}
${last?.body.breakGlass !== undefined && html`<p class="notice bad"><b>Break-glass approval</b> by ${last.body.approver}: ${last.body.breakGlass}</p>`}
${pairs([
  ['Promotion', html`<code>${body.promotion}</code>, asked for by ${body.requestedBy}, ${moment(at)}`],
  [
    'Approved',
    last === undefined
      ? 'by nobody'
      : html`by ${last.body.approver}, ${moment(last.at)}, until ${moment(last.body.expires)}${last.body.signature !== undefined && ', signed'}${last.body.url !== undefined && html`, ${link(last.body.url, 'where')}`}`,
  ],
  body.override === undefined ? undefined : ['Override', body.override],
  body.replace === undefined ? undefined : ['Takes a service away, because', body.replace],
])}
<details><summary>${planSummary(body.plans)}</summary>${planTables(body.plans, body.previous, release)}</details>
${predictionPart(body)}</article>`;
}
