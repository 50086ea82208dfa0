// DESIGN 3's import rule as data and pure functions: which room may import which, and who may read the environment.
import { dirname, join, normalize } from 'node:path';
import ts from 'typescript';

/** One source file: its path from the repository's root, with `/`, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A room is a folder; a file belongs to the longest room that holds it. What a room may import besides itself and `node:`. */
interface Room {
  readonly folder: string;
  /** Other rooms or files, by prefix. */
  readonly rooms: readonly string[];
  /** Packages, by exact name or scope prefix ending in `/`. `any`: wires everything. */
  readonly packages: readonly string[];
  /** It runs where Node's own modules are not. */
  readonly inBrowsers?: true;
}

const wires = ['infra/'];
const vendor = [
  '@pulumi/aws',
  '@pulumi/gcp',
  '@pulumi/azure-native',
  '@pulumi/github',
  '@aws-sdk/',
  '@azure/',
  '@octokit/',
  'google-auth-library',
];
const engine = ['@pulumi/pulumi', '@grpc/grpc-js', 'google-protobuf'];
const documents = ['zod', 'yaml'];

export const rooms: readonly Room[] = [
  { folder: 'app/model', rooms: [], packages: [] },
  { folder: 'app/engines', rooms: ['app/model'], packages: ['@tensorflow/'] },
  {
    folder: 'app/training',
    rooms: ['app/model', 'app/engines'],
    packages: ['@tensorflow/', 'csv-parse', 'yaml'],
  },
  { folder: 'app/comparison', rooms: ['app/model', 'app/engines'], packages: ['csv-parse'] },
  {
    folder: 'app/serving',
    rooms: ['app/model', 'app/engines'],
    packages: ['express', 'prom-client', '@opentelemetry/'],
  },
  { folder: 'app/cli', rooms: ['app/'], packages: ['yaml'] },

  { folder: 'client/src', rooms: [], packages: [], inBrowsers: true },
  // Makes the package; what the service takes and answers it says itself, over HTTP.
  { folder: 'client/build', rooms: [], packages: ['openapi-typescript'] },

  { folder: 'infra/contract', rooms: [], packages: ['zod', 'canonicalize', '@pulumi/pulumi'] },
  { folder: 'infra/clouds', rooms: ['infra/contract'], packages: ['@pulumi/pulumi'] },
  {
    folder: 'infra/clouds/index.ts',
    rooms: ['infra/contract', 'infra/clouds'],
    packages: ['@pulumi/pulumi', '@pulumi/aws', '@pulumi/gcp', '@pulumi/azure-native'],
  },
  {
    folder: 'infra/clouds/aws',
    rooms: ['infra/contract', 'infra/clouds/*.ts'],
    packages: ['@pulumi/pulumi', '@pulumi/aws', '@pulumi/random', '@aws-sdk/', 'zod'],
  },
  {
    folder: 'infra/clouds/gcp',
    rooms: ['infra/contract', 'infra/clouds/*.ts'],
    packages: ['@pulumi/pulumi', '@pulumi/gcp', '@pulumi/random', 'google-auth-library', 'zod'],
  },
  {
    folder: 'infra/clouds/azure',
    rooms: ['infra/contract', 'infra/clouds/*.ts'],
    packages: ['@pulumi/pulumi', '@pulumi/azure-native', '@pulumi/random', '@azure/', 'zod'],
  },
  { folder: 'infra/ledger', rooms: ['infra/contract'], packages: documents },
  { folder: 'infra/registry', rooms: ['infra/contract'], packages: [...documents, 'tar-stream'] },
  // git's one process runner is the ledger's; the image asks git which files a commit holds.
  {
    folder: 'infra/image',
    rooms: ['infra/contract', 'infra/registry', 'infra/ledger/git-command.ts'],
    packages: [...documents, 'tar-stream', 'amaro'],
  },
  {
    folder: 'infra/attestation',
    rooms: ['infra/contract'],
    packages: ['zod', '@cyclonedx/cyclonedx-library', 'packageurl-js', '@sigstore/'],
  },
  {
    folder: 'infra/delivery',
    rooms: ['infra/contract', 'infra/ledger', 'infra/registry'],
    packages: documents,
  },
  // Runs the deciding code against a world in memory: it knows what delivery is given, and no implementation of it.
  {
    folder: 'infra/simulator',
    rooms: [
      'infra/contract',
      'infra/delivery',
      'infra/ledger/chain.ts',
      'infra/ledger/index-of.ts',
      'infra/ledger/view.ts',
    ],
    packages: [],
  },
  // Estimates need to know how a vendor sizes and scales, and no vendor's SDK.
  { folder: 'infra/cost', rooms: ['infra/contract', 'infra/clouds'], packages: documents },
  // Pages and notices say what delivery makes of the ledger; they act on nothing.
  { folder: 'infra/page', rooms: ['infra/contract', 'infra/ledger', 'infra/delivery'], packages: [] },
  { folder: 'infra/notice', rooms: ['infra/contract', 'infra/ledger', 'infra/delivery'], packages: [] },
  {
    folder: 'infra/github',
    rooms: ['infra/contract'],
    packages: [...documents, '@octokit/', '@pulumi/pulumi', '@pulumi/github'],
  },
  { folder: 'infra/pulumi', rooms: ['infra/contract'], packages: [...engine, ...documents] },
  // The pack's version is that of the workspace.
  {
    folder: 'infra/policy',
    rooms: ['infra/contract', 'infra/package.json'],
    packages: [...engine, ...documents, '@pulumi/policy'],
  },
  // The stand-ins enforce the runtime contracts, which are the clouds' own data, and speak the protocols that registry and engine speak.
  {
    folder: 'infra/emulator',
    rooms: ['infra/contract', 'infra/clouds', 'infra/registry', 'infra/image'],
    packages: [...engine, ...documents, 'tar-stream', 'typescript', '@peculiar/x509', 'reflect-metadata'],
  },
  { folder: 'infra/config-faults.ts', rooms: ['infra/contract'], packages: documents },
  {
    folder: 'infra/config.ts',
    rooms: ['infra/contract', 'infra/clouds', 'infra/config-faults.ts'],
    packages: [...documents, '@pulumi/pulumi'],
  },
  {
    folder: 'infra/program.ts',
    rooms: ['infra/contract', 'infra/clouds', 'infra/github'],
    packages: [...documents, '@pulumi/pulumi'],
  },
  {
    folder: 'infra/index.ts',
    rooms: ['infra/contract', 'infra/clouds', 'infra/config.ts', 'infra/program.ts'],
    packages: [...documents, '@pulumi/pulumi'],
  },
  { folder: 'infra/cli', rooms: wires, packages: [...documents, 'commander'] },
  { folder: 'infra/rehearsal', rooms: wires, packages: documents },
];

/** Who may read the environment: settings, command lines, and programs that are a process of their own. */
export const environmentReaders: readonly string[] = [
  'app/serving/settings/settings.ts',
  'app/cli/',
  'infra/cli/',
  'infra/index.ts',
  'infra/emulator/main.ts',
  'infra/pulumi/language-host.ts',
];

const configReaders = ['infra/config.ts'];
const vendorRooms = ['infra/clouds/', 'infra/github/'];

/** Every breach of the rule, one sentence each; tests are free to import what they test. */
export function breaches(files: readonly SourceFile[]): readonly string[] {
  return files.filter(({ path }) => !/^(app|infra|client)\/test\//.test(path)).flatMap(breachesOf);
}

function breachesOf(file: SourceFile): readonly string[] {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.Latest, true);
  const specifiers = ts.preProcessFile(file.text, true, true).importedFiles.map(({ fileName }) => fileName);
  const room = roomOf(file.path);
  if (room === undefined) return [`${file.path}: no room of DESIGN 3; put it in one, or add the room to the rule`];
  return [
    ...specifiers.flatMap((specifier) => importBreach(file.path, room, specifier)),
    ...(mentions(source, 'process', 'env') && !isIn(file.path, environmentReaders)
      ? [`${file.path}: reads process.env; only settings and the command lines do`]
      : []),
    ...(mentions(source, 'pulumi', 'Config') && !isIn(file.path, configReaders)
      ? [`${file.path}: reads pulumi.Config; only infra/config.ts does`]
      : []),
    ...(isBarrel(source) ? [`${file.path}: only re-exports; import the module itself`] : []),
  ];
}

function roomOf(path: string): Room | undefined {
  return rooms
    .filter(({ folder }) => path === folder || path.startsWith(`${folder}/`))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
}

function importBreach(path: string, room: Room, specifier: string): readonly string[] {
  if (specifier.startsWith('node:')) {
    return room.inBrowsers ? [`${path}: imports ${specifier}, which a browser has not`] : [];
  }
  if (specifier.startsWith('.')) {
    const target = normalize(join(dirname(path), specifier)).replaceAll('\\', '/');
    if (isIn(target, [`${room.folder}/`, room.folder]) || room.rooms.some((allowed) => covers(allowed, target)))
      return [];
    return [`${path}: imports ${target}, which ${room.folder} may not`];
  }
  const isVendor = vendor.some((name) => isPackage(specifier, name));
  if (isVendor && !isIn(path, vendorRooms)) {
    return [`${path}: imports ${specifier}; vendor SDKs belong under ${vendorRooms.join(' and ')}`];
  }
  if (room.packages.some((name) => isPackage(specifier, name))) return [];
  return [`${path}: imports ${specifier}, which ${room.folder} may not`];
}

/** `infra/clouds/*.ts` means the files of that folder, not its subfolders. */
function covers(allowed: string, target: string): boolean {
  if (!allowed.endsWith('/*.ts')) return isIn(target, [allowed.endsWith('/') ? allowed : `${allowed}/`, allowed]);
  return dirname(target) === allowed.slice(0, -'/*.ts'.length) && !target.endsWith('/index.ts');
}

function isIn(path: string, places: readonly string[]): boolean {
  return places.some((place) => (place.endsWith('/') ? path.startsWith(place) : path === place));
}

function isPackage(specifier: string, name: string): boolean {
  return name.endsWith('/') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`);
}

/** `object.property` in code, however it is written: by dot, by bracket, by destructuring, or imported by name. */
function mentions(source: ts.SourceFile, object: string, property: string): boolean {
  let found = false;
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAccessExpression(node) || ts.isQualifiedName(node)) {
      found ||= node.getText(source).replace(/\s|\?/g, '') === `${object}.${property}` && !ts.isTypeNode(node.parent);
    } else if (ts.isElementAccessExpression(node)) {
      found ||=
        node.expression.getText(source) === object && node.argumentExpression.getText(source).slice(1, -1) === property;
    } else if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name)) {
      const names = node.name.elements.map((element) => (element.propertyName ?? element.name).getText(source));
      found ||= node.initializer?.getText(source) === object && names.includes(property);
    } else if (ts.isImportSpecifier(node)) {
      const from = node.parent.parent.parent.moduleSpecifier.getText(source).slice(1, -1);
      const name = (node.propertyName ?? node.name).text;
      found ||= name === property && (from === `node:${object}` || from.startsWith(`@pulumi/${object}`));
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isBarrel(source: ts.SourceFile): boolean {
  const { statements } = source;
  return (
    statements.length > 0 && statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier !== undefined)
  );
}
