// Takes out of a transcript what belongs to somebody: accounts, hosts, addresses, people, tokens; the same thing always becomes the same other thing. Pure.

export interface Known {
  /** What is secret on this machine, whatever it looks like: removed first. */
  readonly secrets: readonly string[];
  /** Names that no pattern knows: a Google project, a tenant's domain. */
  readonly names: readonly string[];
}

export type Redact = (text: string) => string;

/** Each keeps the form its vendor publishes, so that what is redacted still passes for an answer of that vendor. */
const rules: readonly { readonly what: RegExp; readonly instead: (index: number, found: string) => string }[] = [
  { what: /-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g, instead: () => 'REMOVED-KEY' },
  { what: /\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, instead: () => 'REMOVED-TOKEN' },
  { what: /\bya29\.[\w.-]+/g, instead: () => 'REMOVED-TOKEN' },
  { what: /\bgh[opsu]_\w{20,}|\bgithub_pat_\w{20,}/g, instead: () => 'REMOVED-TOKEN' },
  { what: /\b(?:Bearer|Basic|AWS4-HMAC-SHA256) [\w+/=.~-]{12,}/g, instead: () => 'REMOVED-TOKEN' },
  { what: /\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b/g, instead: () => 'REMOVED-KEY-ID' },
  {
    what: /(?<=[?&"](?:sig|X-Amz-Signature|X-Amz-Security-Token|access_token|refresh_token|client_secret|password)["]?[=:]\s?"?)[^"&\s]{6,}/gi,
    instead: () => 'REMOVED-SECRET',
  },
  { what: /\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b/g, instead: (index) => `person-${index}@example.org` },
  {
    what: /\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi,
    instead: (index) => `00000000-0000-4000-8000-a${String(index).padStart(11, '0')}`,
  },
  // An AWS account or a Google project's number: never part of a longer word, as of a digest, nor the end of a build's or release's name.
  { what: /(?<![\w.]|\bbld-|\brel-\d+-)\d{12}(?![\w])/g, instead: (index) => String(100_000_000_000 + index) },
  {
    what: /(?<![\w.-])[\w-]+(?=(?:\.[\w-]+)*\.(?:awsapprunner\.com|on\.aws|elb\.amazonaws\.com|run\.app|azurewebsites\.net|azurecr\.io|blob\.core\.windows\.net|vault\.azure\.net)\b)/g,
    instead: (index) => `host${index}`,
  },
  { what: /\b127\.0\.0\.1:\d+\b/g, instead: (index) => `127.0.0.1:${index}` },
  {
    what: /(?<![\w.])(?!127\.0\.0\.1|0\.0\.0\.0|192\.0\.2\.)(?:\d{1,3}\.){3}\d{1,3}(?![\w.])/g,
    instead: (index) => `192.0.2.${index}`,
  },
];

export function redaction({ secrets, names }: Known): Redact {
  const given = new Map<string, string>();
  const counts = rules.map(() => 0);
  const plain = (text: string, words: readonly string[], instead: (index: number) => string) =>
    words.reduce((rest, word, index) => (word.length < 4 ? rest : rest.replaceAll(word, instead(index + 1))), text);
  return (text) => {
    let rest = plain(
      text,
      [...secrets].sort((a, b) => b.length - a.length),
      () => 'REMOVED-SECRET',
    );
    rest = plain(rest, names, (index) => `name-${index}`);
    for (const [at, { what, instead }] of rules.entries()) {
      rest = rest.replace(what, (found) => {
        const key = `${at} ${found.toLowerCase()}`;
        const known = given.get(key);
        if (known !== undefined) return known;
        // What this made itself is left alone when it is read once more.
        if ([...given].some(([other, made]) => other.startsWith(`${at} `) && made === found)) return found;
        counts[at] = (counts[at] ?? 0) + 1;
        const made = instead(counts[at] ?? 0, found);
        given.set(key, made);
        return made;
      });
    }
    return rest;
  };
}

/** Variables of a shell whose values are secret, by their names. */
export function secretsIn(variables: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) =>
    /SECRET|TOKEN|PASSPHRASE|PASSWORD|ACCESS_KEY|PRIVATE_KEY|API_KEY/i.test(name) &&
    value !== undefined &&
    value.length >= 6
      ? [value]
      : [],
  );
}
