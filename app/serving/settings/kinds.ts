// The kinds a setting can be of: how its text is read, and how its range is said.
export interface Kind<T> {
  readonly kind: string;
  /** For a person: the range, the choices, the form. */
  readonly range: string;
  /** @returns `undefined` for a text that is not of this kind. */
  parse(text: string): T | undefined;
}

export const text = (range: string): Kind<string | null> => ({
  kind: 'text',
  range,
  parse: (given) => (given === '' ? null : given),
});

/** Of HTTP; absent where it is empty. */
export const address: Kind<string | null> = {
  kind: 'address',
  range: 'http(s)://…',
  parse: (given) => (given === '' ? null : /^https?:\/\//.test(given) && URL.canParse(given) ? given : undefined),
};

export const number = (least: number, most: number): Kind<number> => ({
  kind: 'number',
  range: `${least} to ${most}`,
  parse: (given) => within(given, least, most),
});

export const whole = (least: number, most: number): Kind<number> => ({
  kind: 'whole number',
  range: `${least} to ${most}`,
  parse: (given) => (/^\d+$/.test(given) ? within(given, least, most) : undefined),
});

export const choice = <T extends string>(...choices: readonly T[]): Kind<T> => ({
  kind: 'choice',
  range: choices.join(', '),
  parse: (given) => choices.find((one) => one === given),
});

/** In capitals too. */
export const anyCase = <T>({ kind, range, parse }: Kind<T>): Kind<T> => ({
  kind,
  range,
  parse: (given) => parse(given.toLowerCase()),
});

export const onOff: Kind<boolean> = {
  kind: 'switch',
  range: 'on, off',
  parse: (given) => (given === 'on' ? true : given === 'off' ? false : undefined),
};

export const trueFalse: Kind<boolean> = {
  kind: 'switch',
  range: 'true, false',
  parse: (given) => (/^true$/i.test(given) ? true : /^false$/i.test(given) ? false : undefined),
};

/** Separated by commas. @param parse reads the whole text. */
export const list = <T>(range: string, parse: (text: string) => readonly T[] | undefined): Kind<readonly T[]> => ({
  kind: 'list',
  range,
  parse,
});

function within(given: string, least: number, most: number): number | undefined {
  const value = /^\d+(\.\d+)?$/.test(given) ? Number(given) : Number.NaN;
  return value >= least && value <= most ? value : undefined;
}
