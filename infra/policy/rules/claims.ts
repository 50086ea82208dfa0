// Reads the condition of a workload identity pool, as far as it compares claims by equality; all else of CEL is refused. Pure.
// https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax

/** Of GitHub's tokens: https://docs.github.com/actions/reference/security/oidc */
const claims = [
  'actor_id',
  'aud',
  'base_ref',
  'environment',
  'event_name',
  'head_ref',
  'iss',
  'job_workflow_ref',
  'job_workflow_sha',
  'ref',
  'ref_type',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'repository_visibility',
  'runner_environment',
  'sub',
  'workflow_ref',
  'workflow_sha',
];
/** Ids, since a name can be given up and taken. */
const required = ['repository_id', 'repository_owner_id'];

export const expectedCondition = `claims by equality, joined by &&, with ${required.map((one) => `assertion.${one} == '…'`).join(' and ')} outermost; || only within parentheses`;

/**
 * What lets in others than the named ones, or could: whatever is not understood counts. Sound, as every atom is one claim with one literal
 * (or one list of them), and what is joined to the required ones by `&&` only narrows them.
 * @returns `undefined` for a condition that is understood and requires both ids.
 */
export function conditionFault(condition: string): string | undefined {
  const reader = new Reader(condition);
  try {
    const outermost = reader.formula();
    reader.end();
    const missing = required.filter((claim) => !outermost.has(claim));
    return missing.length === 0 ? undefined : `no ${missing.join(' and no ')} that every token must have`;
  } catch (error) {
    if (error instanceof Unread) return error.message;
    throw error;
  }
}

class Unread extends Error {}

type Claims = ReadonlySet<string>;
const none: Claims = new Set();

/** Of one quote each and without line ends; no raw, triple or byte strings, whose ends lie elsewhere. */
const token =
  /\s*(?:(?<string>'(?:[^'\\\r\n]|\\[\\'"])*'|"(?:[^"\\\r\n]|\\[\\'"])*")|(?<word>[A-Za-z_][\w.]*)|(?<sign>==|&&|\|\||[()[\],]))/y;

/** Names that are equal to one literal in every token that passes: of `a && b` those of both, of `a || b` none. */
class Reader {
  readonly #text: string;
  #at = 0;
  /** Parentheses that are open: no honest condition has many, and none must exhaust the stack. */
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  formula(): Claims {
    const first = this.#conjunction();
    let alone = true;
    while (this.#take('||')) {
      this.#conjunction();
      alone = false;
    }
    return alone ? first : none;
  }

  end(): void {
    if (this.#text.slice(this.#at).trim() !== '') throw this.#unread();
  }

  #conjunction(): Claims {
    const all = [...this.#atom()];
    while (this.#take('&&')) all.push(...this.#atom());
    return new Set(all);
  }

  #atom(): Claims {
    if (!this.#take('(')) return this.#comparison();
    if (++this.#depth > 20) throw this.#unread();
    const inner = this.formula();
    this.#need(')');
    this.#depth--;
    return inner;
  }

  #comparison(): Claims {
    const before = this.#at;
    const { word = '' } = this.#next();
    const claim = word.replace(/^assertion\./, '');
    if (claim === word || !claims.includes(claim)) throw this.#unread(before);
    if (this.#take('==')) {
      this.#literal();
      return new Set([claim]);
    }
    this.#need('in');
    this.#need('[');
    do this.#literal();
    while (this.#take(','));
    this.#need(']');
    return none;
  }

  #literal(): void {
    const before = this.#at;
    if (this.#next().string === undefined) throw this.#unread(before);
  }

  #need(text: string): void {
    if (!this.#take(text)) throw this.#unread();
  }

  #take(text: string): boolean {
    const before = this.#at;
    const { sign, word } = this.#next();
    if (sign === text || word === text) return true;
    this.#at = before;
    return false;
  }

  /** Nothing at the end, and where no token begins. */
  #next(): { readonly string?: string; readonly word?: string; readonly sign?: string } {
    token.lastIndex = this.#at;
    const match = token.exec(this.#text);
    if (match === null) return {};
    this.#at = token.lastIndex;
    return match.groups ?? {};
  }

  #unread(at = this.#at): Unread {
    const rest = this.#text.slice(at).trim();
    return new Unread(rest === '' ? 'an end too early' : `\`${rest.length > 40 ? `${rest.slice(0, 39)}…` : rest}\``);
  }
}
