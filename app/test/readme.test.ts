import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../engines/compiled.ts';
import { readArtifact, shortDigest } from '../model/artifact.ts';
import { routes } from '../serving/http/about.ts';
import { createPredictor } from '../serving/predictor.ts';
import { parseProblem } from '../training/problem.ts';
import { root, wineArtifact } from './wine.ts';

const readme = await readFile(path.join(root, 'app/README.md'), 'utf8');

describe('the README of the application', () => {
  it('shows a request and the answer it gets', async () => {
    const { directory } = await wineArtifact();
    const artifact = await readArtifact(directory);
    const [, body = ''] = /^curl .*-d '(.*)'$/m.exec(readme) ?? [];
    const [, answer = ''] = /"predictions":\[\{"predictionId":"[^"]*",(.*)\}\]\}$/m.exec(readme) ?? [];
    expect(createPredictor(artifact, compile(artifact)).predict([JSON.parse(body)])).toEqual([
      JSON.parse(`{${answer}}`),
    ]);
    expect(readme).toContain(`"version":"${shortDigest(artifact.digest)}"`);
  });

  it('lists every route', () => {
    expect([...readme.matchAll(/^\| `((?:GET|POST|PUT) \S+)` \|/gm)].map(([, route]) => route)).toEqual(
      Object.keys(routes),
    );
  });

  it('states the defaults of the problem file', () => {
    const text =
      'schema: trireme.problem/1\nname: a\ntask: regression\ndata: a.csv\nlabel: a\nacceptance: { r2: 0.8 }\n';
    const { network, seed, heldOut } = parseProblem(text, 'problem.yaml');
    const [, stated = ''] = /^\| `network` \| `(.*?)` \|/m.exec(readme) ?? [];
    expect(parseProblem(`${text}network: ${stated}`, 'problem.yaml').network).toEqual(network);
    expect(readme).toContain(`| \`seed\` | ${seed} |`);
    expect(readme).toContain(`| \`heldOut\` | ${heldOut} |`);
  });
});
