import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyProject, eventuallyNoProcess, rehearse, removeProject } from './rehearsal.ts';

describe('a team with one cloud', () => {
  let root: string;
  beforeAll(async () => {
    root = await copyProject(['gcp']);
  });
  afterAll(() => removeProject(root));

  test('rehearses the whole journey, speaks of one cloud, and leaves nothing running', async () => {
    const { code, report, stderr, stdout } = await rehearse(root);
    expect(stderr).toContain('the rehearsal passed');
    expect(code).toBe(0);
    expect(report).toMatchObject({ schema: 'trireme.rehearsal/1', ok: true, timeScale: 25, requests: { lost: 0 } });
    expect(report.requests.sent).toBeGreaterThan(100);
    expect(report.steps.every(({ outcome }) => outcome === 'passed')).toBe(true);
    expect(report.releases.map(({ name }) => name)).toEqual(['R1', 'R2', 'R3']);
    expect(new Set(report.releases.map(({ imageDigest }) => imageDigest)).size).toBe(3);
    const [r1, , r3] = report.releases;
    expect(report.stacks).toEqual([
      expect.objectContaining({ stack: 'gcp-dev', runs: r3?.release }),
      expect.objectContaining({ stack: 'gcp-prod', runs: r1?.release }),
    ]);
    expect(report.approvals.map(({ approver }) => approver)).toEqual(['rita', 'rita', 'rita']);
    expect(`${stdout}${stderr}`).not.toMatch(/\b(aws|azure)-/);
    expect(await eventuallyNoProcess(root)).toEqual([]);
  });
});
