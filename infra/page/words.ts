// Words, marks and times as every page says them: a state is a word with a shape, never a colour alone.
import type { DeploymentState } from '../contract/fact.ts';
import type { Outcome } from '../contract/verification.ts';
import { type Html, html } from './html.ts';

type Tone = 'good' | 'bad' | 'warn' | 'calm' | 'busy';

interface Word {
  readonly word: string;
  /** A shape that is told apart without colour. */
  readonly mark: string;
  readonly tone: Tone;
}

const stateWords: Readonly<Record<DeploymentState, Word>> = {
  healthy: { word: 'was live', mark: '○', tone: 'calm' },
  updating: { word: 'updating', mark: '…', tone: 'busy' },
  proving: { word: 'proving', mark: '…', tone: 'busy' },
  failed: { word: 'failed', mark: '✕', tone: 'bad' },
  reverted: { word: 'failed, reverted', mark: '↶', tone: 'warn' },
  'revert-failed': { word: 'failed, not reverted', mark: '‼', tone: 'bad' },
  skipped: { word: 'skipped', mark: '–', tone: 'calm' },
  unknown: { word: 'unknown', mark: '?', tone: 'warn' },
};
const live: Word = { word: 'live', mark: '●', tone: 'good' };

const outcomeWords: Readonly<Record<Outcome, Word>> = {
  passed: { word: 'passed', mark: '✓', tone: 'good' },
  failed: { word: 'failed', mark: '✕', tone: 'bad' },
  errored: { word: 'could not tell', mark: '?', tone: 'warn' },
};

export function stateOf(state: DeploymentState, isLive: boolean): Html {
  return said(isLive ? live : stateWords[state]);
}

export function outcomeSaid(outcome: Outcome): Html {
  return said(outcomeWords[outcome]);
}

export function said({ word, mark, tone }: Word): Html {
  return html`<b class="${tone}"><i aria-hidden="true">${mark}</i> ${word}</b>`;
}

/** `rel-42` and the rest of its name, quieter. */
export function releaseName(release: string): Html {
  const [, number = release, hash = ''] = /^(rel-\d+)-(.+)$/.exec(release) ?? [];
  return html`${number}<small>-${hash}</small>`;
}

export function releaseLink(release: string): Html {
  return html`<a class="release" href="${releaseFile(release)}">${releaseName(release)}</a>`;
}

export function releaseFile(release: string): string {
  return `${release}.html`;
}

/** `rel-42`: enough where the whole name stands beside it. */
export function shortRelease(release: string): string {
  return /^rel-\d+/.exec(release)?.[0] ?? release;
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `21 Nov 2026, 10:05 UTC`, to which the script adds how long ago it was. */
export function moment(at: string): Html {
  const date = new Date(at);
  return html`<time datetime="${date.toISOString()}">${date.getUTCDate()} ${month(date)} ${date.getUTCFullYear()}, ${clock(date)} UTC</time>`;
}

/** `21 Nov 10:05`, for tables that say UTC above. */
export function shortMoment(at: string): string {
  const date = new Date(at);
  return `${date.getUTCDate()} ${month(date)} ${clock(date)}`;
}

const month = (date: Date) => months[date.getUTCMonth()] ?? '';
const clock = (date: Date) => date.toISOString().slice(11, 16);

export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 2 * 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${(seconds / 3600).toFixed(1)} h`;
  return `${(seconds / 86_400).toFixed(1)} days`;
}

/** A digest or hash: its beginning to see, the whole of it to hover over and select. */
export function digest(value: string): Html {
  const [, kind = '', hash = value] = /^(sha256:)?(.*)$/.exec(value) ?? [];
  return html`<code class="digest" title="${value}">${kind}${hash.slice(0, 12)}</code>`;
}

/** `1 update`, `3 updates`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `aws-prod, gcp-prod and azure-prod`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
