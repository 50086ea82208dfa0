// Secrets in plain text: in a container's variables, or in the shape of a known credential anywhere else.
import type { Finding, Judged, Rule } from '../rule.ts';
import { at, entries, isFields, texts, unknown, type Value } from '../value.ts';

export const noPlainSecret: Rule = {
  enforcement: 'mandatory',
  reason: "A variable's value can be read by all who may read the service, and stays in state and logs.",
  pages: [
    'https://docs.aws.amazon.com/apprunner/latest/dg/env-variable-manage.html',
    'https://cloud.google.com/run/docs/configuring/services/secrets',
    'https://learn.microsoft.com/azure/app-service/app-service-key-vault-references',
  ],
  mend: "keep it in the cloud's secret manager and name it under `secrets` in the stack file",
  resource: (one) => (secretStores.includes(one.type) ? [] : [...variableFindings(one), ...shapeFindings(one)]),
};

/** What is made to hold a secret. */
const secretStores = [
  'aws:secretsmanager/secretVersion:SecretVersion',
  'aws:ssm/parameter:Parameter',
  'gcp:secretmanager/secretVersion:SecretVersion',
  'azure-native:keyvault:Secret',
];

interface Variable {
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

function variableFindings(one: Judged): readonly Finding[] {
  return variablesOf(one).flatMap(({ path, name, value }) => {
    const shape = shapeOf(value);
    if (shape !== undefined || isReference(value)) return [];
    if (soundsSecret.test(name) && !/^(\d{0,6}|true|false|on|off)$/i.test(value)) {
      return [{ path, expected: `${name} from the secret manager`, found: `${value.length} characters in plain text` }];
    }
    return looksRandom(value)
      ? [{ path, expected: `${name} to be no secret`, found: `${value.length} characters that look random` }]
      : [];
  });
}

function variablesOf({ type, inputs }: Judged): readonly Variable[] {
  const path = variablesIn[type];
  if (path === undefined) return [];
  return path.flatMap((where) => {
    if (!where.includes('*')) return variablesAt(inputs, where);
    const [list = '', rest = ''] = where.split('.*.');
    return entries(inputs, list).flatMap((container) => variablesAt(inputs, `${container.path}.${rest}`));
  });
}

/** A list of {name, value}, or a map. */
function variablesAt(inputs: Value, path: string): readonly Variable[] {
  const found = at(inputs, path);
  if (found === unknown) return [];
  if (isFields(found)) {
    return Object.entries(found).flatMap(([name, value]) =>
      typeof value === 'string' ? [{ path: `${path}.${name}`, name, value }] : [],
    );
  }
  return entries(inputs, path).flatMap((entry) => {
    const name = at(entry.value, 'name');
    const value = at(entry.value, 'value');
    return typeof name === 'string' && typeof value === 'string' ? [{ path: `${entry.path}.value`, name, value }] : [];
  });
}

const variablesIn: Readonly<Record<string, readonly string[]>> = {
  'aws:apprunner/service:Service': [
    'sourceConfiguration.imageRepository.imageConfiguration.runtimeEnvironmentVariables',
  ],
  'aws:ecs/expressGatewayService:ExpressGatewayService': ['primaryContainer.environments'],
  'gcp:cloudrunv2/service:Service': ['template.containers.*.envs'],
  'gcp:cloudrunv2/job:Job': ['template.template.containers.*.envs'],
  'azure-native:web:WebApp': ['siteConfig.appSettings', 'siteConfig.connectionStrings'],
  'azure-native:web:WebAppSlot': ['siteConfig.appSettings', 'siteConfig.connectionStrings'],
  'azure-native:web:WebAppApplicationSettings': ['properties'],
};

const soundsSecret =
  /(^|[_-])(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEYS?|PRIVATE_?KEY|ACCESS_?KEY|ACCOUNT_?KEY|CREDENTIALS?|CONNECTION_?STRING|DATABASE_URL)([_-]|$)/i;

/** Names where the secret is, and is none. https://learn.microsoft.com/azure/app-service/app-service-key-vault-references */
function isReference(value: string): boolean {
  return (
    /^@Microsoft\.KeyVault\(/.test(value) ||
    /^arn:[^:]+:(secretsmanager|ssm):/.test(value) ||
    /^projects\/[^/]+\/secrets\//.test(value)
  );
}

/** As their issuers publish them: https://docs.github.com/code-security/secret-scanning/introduction/supported-secret-scanning-patterns */
const shapes: readonly (readonly [string, RegExp])[] = [
  ['an AWS access key id', /\b(AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\b(gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{40,})/],
  ['a Google API key', /\bAIza[0-9A-Za-z_-]{35}\b/],
  ['a private key', /-----BEGIN ([A-Z]+ )*PRIVATE KEY-----/],
  ['a Slack token', /\bxox[abprs]-[0-9A-Za-z-]{10,}/],
  ['a Stripe key', /\b[rs]k_live_[0-9A-Za-z]{16,}/],
  ['an Azure account key', /\b(AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{20,}={0,2}/],
  ['a JSON web token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ['an address with a password', /\b[a-z][a-z0-9+]*:\/\/[^\s:/@]*:[^\s:/@]+@/],
];

function shapeOf(text: string): string | undefined {
  return shapes.find(([, pattern]) => pattern.test(text))?.[0];
}

function shapeFindings({ inputs }: Judged): readonly Finding[] {
  return texts(inputs).flatMap(({ path, text }) => {
    const shape = shapeOf(text);
    return shape === undefined ? [] : [{ path, expected: 'no credential', found: `the shape of ${shape}` }];
  });
}

/** Long, of mixed characters, and hardly any of them twice; digests, ids, addresses and paths are not meant. */
export function looksRandom(text: string): boolean {
  if (!/^[A-Za-z0-9+/=_-]{24,}$/.test(text) || /^[0-9a-f-]+$/i.test(text) || text.startsWith('/')) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(text)).length;
  return kinds === 3 && entropy(text) >= 4;
}

/** Bits in each character: https://en.wikipedia.org/wiki/Entropy_(information_theory) */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0);
}
