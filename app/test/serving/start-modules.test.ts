import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { wineArtifact } from '../wine.ts';

const run = promisify(execFile);
const serving = path.join(import.meta.dirname, '../../serving');

/** Starts the service, and says what was loaded when it was ready. */
const script = `
  import { registerHooks } from 'node:module';
  const modules = [];
  registerHooks({ load: (url, context, next) => { modules.push(url); return next(url, context); } });
  const { serve } = await import(process.argv[1] + '/main.ts');
  const { readSettings } = await import(process.argv[1] + '/settings/settings.ts');
  const settings = readSettings({ HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'error' });
  await serve(settings, async () => [{ directory: process.argv[2] }], ({ life }) => {
    const builtIn = process.moduleLoadList;
    process.stdout.write(JSON.stringify({ phase: life.phase, modules, builtIn }), () => process.exit());
  });
`;

interface Loaded {
  readonly phase: string;
  readonly modules: readonly string[];
  readonly builtIn: readonly string[];
}

async function loadedWhenReady(): Promise<Loaded> {
  const { directory } = await wineArtifact();
  const words = ['--input-type=module', '--eval', script, serving, directory];
  const { stdout } = await run(process.execPath, words, { cwd: path.dirname(directory) });
  return JSON.parse(stdout) as Loaded;
}

describe('what is loaded when the service is ready', () => {
  it('is what a prediction needs', async () => {
    const { phase, modules, builtIn } = await loadedWhenReady();
    expect(phase).toBe('ready');
    const has = (part: string) => modules.filter((url) => url.includes(part));
    // So that what follows can fail.
    expect(has('/serving/http/quick-predict.ts')).toHaveLength(1);
    expect(has('/node_modules/express/').length).toBeGreaterThan(0);
    for (const later of [
      '/prom-client/',
      '/serving/openapi/',
      '/serving/explain/',
      '/serving/tracing/spans.ts',
      '/serving/tracing/export.ts',
      '/@opentelemetry/',
      '/serving/workers/work',
      '/engines/compiled.ts',
      '/engines/tfjs.ts',
      '/@tensorflow/',
      '/onnxruntime',
    ])
      expect(has(later)).toEqual([]);
    expect(builtIn.filter((name) => /undici|http2|\btls\b/.test(name))).toEqual([]);
  });
});
