// CloudWatch Logs' filter patterns for lines of JSON, as metric filters and FilterLogEvents take them. Pure.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html

export interface FilterPattern {
  matches(line: string): boolean;
}

type Test = (event: unknown) => boolean;

/** @throws SyntaxError for what the vendor does not take, and for patterns of plain terms, which are not emulated. */
export function filterPattern(text: string): FilterPattern {
  if (text.trim() === '') return { matches: () => true };
  const tokens = tokensOf(text);
  const test = new Parser(tokens).whole();
  return {
    matches(line) {
      const event = parsed(line);
      return event !== undefined && test(event);
    },
  };
}

/** The value of `$.seconds` in a line; `undefined` where there is none. */
export function selected(selector: string, line: string): unknown {
  return at(parsed(line), selector);
}

const token =
  /\s*(?:(?<sign>&&|\|\||!=|<=|>=|[{}()=<>])|"(?<quoted>(?:[^"\\]|\\.)*)"|(?<selector>\$(?:\.[\w-]+|\[\d+\])+)|(?<word>[\w.*+-]+))/y;

type Token = Readonly<Partial<Record<'sign' | 'quoted' | 'selector' | 'word', string>>>;

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const rest = text.trimEnd();
  for (token.lastIndex = 0; token.lastIndex < rest.length; ) {
    const from = token.lastIndex;
    const found = token.exec(rest)?.groups;
    if (found === undefined) throw new SyntaxError(`unexpected ${JSON.stringify(rest.slice(from, from + 20))}`);
    tokens.push(found);
  }
  return tokens;
}

/** `{ ($.route = "/predict") && ($.status >= 500) }`: and binds closer than or. */
class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): Test {
    this.#expect('{');
    const test = this.#any();
    this.#expect('}');
    if (this.#at < this.#tokens.length) throw new SyntaxError('expected nothing after }');
    return test;
  }

  #any(): Test {
    const tests = [this.#all()];
    while (this.#takes('||')) tests.push(this.#all());
    return (event) => tests.some((test) => test(event));
  }

  #all(): Test {
    const tests = [this.#one()];
    while (this.#takes('&&')) tests.push(this.#one());
    return (event) => tests.every((test) => test(event));
  }

  #one(): Test {
    if (!this.#takes('(')) return this.#comparison();
    const test = this.#any();
    this.#expect(')');
    return test;
  }

  #comparison(): Test {
    const { selector } = this.#next();
    if (selector === undefined) throw new SyntaxError('expected a selector, $.name');
    const operator = this.#next();
    const value = this.#next();
    if (operator.word !== undefined) return wordTest(selector, `${operator.word} ${value.word}`);
    const { quoted, word } = value;
    if (quoted === undefined && word === undefined) throw new SyntaxError(`expected a value after ${selector}`);
    const number = quoted === undefined && word !== '' ? Number(word) : Number.NaN;
    const compare = Number.isNaN(number)
      ? textTest(operator.sign, quoted?.replaceAll(/\\(.)/g, '$1') ?? word ?? '')
      : numberTest(operator.sign, number);
    return (event) => compare(at(event, selector));
  }

  #next(): Token {
    return this.#tokens[this.#at++] ?? {};
  }

  #takes(sign: string): boolean {
    if (this.#tokens[this.#at]?.sign !== sign) return false;
    this.#at++;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#takes(sign)) throw new SyntaxError(`expected ${sign}`);
  }
}

function wordTest(selector: string, words: string): Test {
  switch (words) {
    case 'IS TRUE':
      return (event) => at(event, selector) === true;
    case 'IS FALSE':
      return (event) => at(event, selector) === false;
    case 'IS NULL':
      return (event) => at(event, selector) === null;
    case 'NOT EXISTS':
      return (event) => at(event, selector) === undefined;
    default:
      throw new SyntaxError(`expected IS TRUE, IS FALSE, IS NULL or NOT EXISTS, found ${words}`);
  }
}

/** A field that is not there is unequal to everything. */
function textTest(sign: string | undefined, wanted: string): (found: unknown) => boolean {
  const escaped = wanted.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const form = new RegExp(`^${escaped}$`, 's');
  if (sign === '=') return (found) => typeof found === 'string' && form.test(found);
  if (sign === '!=') return (found) => typeof found !== 'string' || !form.test(found);
  throw new SyntaxError(`expected = or != before a text, found ${sign}`);
}

function numberTest(sign: string | undefined, wanted: number): (found: unknown) => boolean {
  const tests: Readonly<Record<string, (found: number) => boolean>> = {
    '=': (found) => found === wanted,
    '!=': (found) => found !== wanted,
    '<': (found) => found < wanted,
    '<=': (found) => found <= wanted,
    '>': (found) => found > wanted,
    '>=': (found) => found >= wanted,
  };
  const test = sign === undefined ? undefined : tests[sign];
  if (test === undefined) throw new SyntaxError(`expected a comparison, found ${sign}`);
  return (found) => typeof found === 'number' && test(found);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function at(event: unknown, selector: string): unknown {
  let value = event;
  for (const [, name, index] of selector.matchAll(/\.([\w-]+)|\[(\d+)\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, name ?? Number(index));
  }
  return value;
}
