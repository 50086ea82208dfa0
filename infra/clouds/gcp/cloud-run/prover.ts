// Proves on Cloud Run's control plane that a release runs, or that it does not.
import { z } from 'zod';
import type { Prover } from '../../../contract/ports.ts';
import type { Stage } from '../../../contract/service.ts';
import { ask, type Connection } from '../../connection.ts';
import { paceOf, pollUntilTold } from '../../polling.ts';
import { type CloudRunObservation, type CloudRunRevision, judge, judged } from './judgement.ts';
import { cloudRun } from './runtime.ts';

/** Rights it needs: `run.services.get`, `run.revisions.get`. */
export function cloudRunProver(connection: Connection): Prover {
  const { clock, timeScale } = connection;
  const base = (connection.endpoint ?? 'https://run.googleapis.com').replace(/\/+$/, '');

  return {
    runtime: cloudRun,

    // Generations tell a service before from a service after; nothing has to be remembered.
    baseline: async () => ({}),

    async prove({ service, release, stage }, { signal } = {}) {
      const name = service.coordinates.service;
      if (name === undefined) throw new TypeError('expected the coordinate service of a Cloud Run service');
      const asked = { imageRef: release.imageRef, stage, sharePercent: service.sharePercent };
      const check = await pollUntilTold({
        look: async () => judge(await observe(connection, base, name, stage, signal), asked),
        expected: release.imageRef,
        source: `${base}/v2/${name}`,
        pace: paceOf(cloudRun, timeScale),
        clock,
        signal,
      });
      return [check];
    },
  };
}

const condition = z.object({
  type: z.string().optional(),
  state: z.string().optional(),
  message: z.string().optional(),
});

const target = z.object({
  type: z.string().optional(),
  revision: z.string().optional(),
  percent: z.number().default(0),
  tag: z.string().optional(),
});

/** Google's JSON leaves out what is false, zero or empty, and writes 64-bit numbers as text. */
const serviceResource = z.object({
  reconciling: z.boolean().default(false),
  generation: z.string().optional(),
  observedGeneration: z.string().optional(),
  terminalCondition: condition.optional(),
  latestReadyRevision: z.string().optional(),
  latestCreatedRevision: z.string().optional(),
  traffic: z.array(target).default([]),
  trafficStatuses: z.array(target).default([]),
});

const revisionResource = z.object({
  name: z.string(),
  containers: z.array(z.object({ image: z.string() })).default([]),
  conditions: z.array(condition).default([]),
  logUri: z.string().optional(),
});

type Asking = Pick<Connection, 'token' | 'fetch'>;

async function observe(
  asking: Asking,
  base: string,
  service: string,
  stage: Stage,
  signal: AbortSignal | undefined,
): Promise<CloudRunObservation> {
  const answer = await ask(asking, `${base}/v2/${service}`, { signal });
  if (answer.status === 404) return { service };
  const read = serviceResource.parse(JSON.parse(answer.text));
  const { latestReadyRevision: latestReady, latestCreatedRevision: latestCreated } = read;
  const found = {
    reconciling: read.reconciling,
    generation: read.generation,
    observedGeneration: read.observedGeneration,
    terminal: read.terminalCondition,
    latestReady,
    latestCreated,
    intended: read.traffic,
    traffic: read.trafficStatuses,
  };
  const name = judged(found, stage);
  return {
    service,
    found,
    revision: name === undefined ? undefined : await readRevision(asking, base, service, name, signal),
  };
}

async function readRevision(
  asking: Asking,
  base: string,
  service: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<CloudRunRevision | undefined> {
  // Named in full by v2, by its last part in some answers.
  const path = name.includes('/') ? name : `${service}/revisions/${name}`;
  const answer = await ask(asking, `${base}/v2/${path}`, { signal });
  if (answer.status === 404) return undefined;
  const { containers, ...revision } = revisionResource.parse(JSON.parse(answer.text));
  return { ...revision, image: containers[0]?.image };
}
