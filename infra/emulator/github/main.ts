// The emulated GitHub as a process: `node infra/emulator/github/main.ts [--port N] [--arrange FILE]`. Says its URL on stdout; ends on SIGTERM.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { arrange, arrangement } from './arrange.ts';
import { startGithub } from './github.ts';

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, arrange: { type: 'string' } } });
  const github = await startGithub({ port: Number(values.port) });
  if (values.arrange !== undefined) {
    arrange(github.state, arrangement.parse(JSON.parse(await readFile(values.arrange, 'utf8'))));
  }
  const stop = () => void github.stop().then(() => process.exit(0));
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`${github.url}\n`);
}
