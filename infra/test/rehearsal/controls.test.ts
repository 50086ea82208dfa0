import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ControlName } from '../../rehearsal/controls.ts';
import { copyProject, rehearse, removeProject } from './rehearsal.ts';

describe('a rehearsal in which something is wrong', () => {
  let root: string;
  beforeAll(async () => {
    root = await copyProject(['gcp']);
  });
  afterAll(() => removeProject(root));

  test.each<[ControlName, string, RegExp]>([
    ['altered-layer', 'deploy R1 to dev and verify it', /sha256|digest/],
    ['changed-golden', 'deploy R1 to dev and verify it', /golden-predictions/],
    ['edited-manifest', 'prepare the promotion of R1', /edited/],
    ['stale-image', 'deploy R2 to dev and verify it', /identity/],
    ['drain-off', 'no request was lost while R2 took over', /lost/],
  ])('the control %s fails at `%s`', async (control, step, reason) => {
    const { code, report } = await rehearse(root, '--control', control);
    expect(report.steps.at(-1)).toMatchObject({ name: step, outcome: 'failed', reason: expect.stringMatching(reason) });
    expect(report.steps.slice(0, -1).every(({ outcome }) => outcome === 'passed')).toBe(true);
    expect(report.ok).toBe(false);
    expect(code).toBe(1);
  });
});
