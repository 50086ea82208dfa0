// HTML by template literal: whatever is put into one is escaped, unless it came out of one.
// A tag of our own instead of a library: no JSX without a build, no dependency, and every page stays a pure function to a string.

export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** `undefined` and `false` print nothing, so that a part may be left out by a condition. */
export type Part = Html | string | number | undefined | false | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, after, index) => `${text}${printed(parts[index - 1])}${after}`));
}

function printed(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(printed).join('');
  return escaped(String(part));
}

/** Also inside quoted attributes. Marks that turn the direction of text, or can't be seen, would let a name lie about what is beside it. */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
    .replace(/[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|(?![\n\t])\p{Cc}/gu, '\uFFFD');
}

/** A link only to where a browser may go by http; anything else, such as `javascript:`, stays text. */
export function link(address: string, text: string): Html {
  const to = URL.canParse(address) ? new URL(address) : undefined;
  const isWeb = to?.protocol === 'https:' || to?.protocol === 'http:';
  return isWeb ? html`<a href="${to.href}" rel="noreferrer">${text}</a>` : html`${text}`;
}

/** A command to copy: words that a shell would read otherwise are quoted. The button shows once the script can serve it. */
export function command(...words: readonly string[]): Html {
  const line = ['npx trireme', ...words.map(shellWord)].join(' ');
  return html`<div class="command"><code>${line}</code><button type="button" hidden data-copy="${line}" aria-label="Copy ${line}">Copy</button></div>`;
}

function shellWord(word: string): string {
  return /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
