// The emulator's own interface, on loopback: what runs, the fault switches, and an end.
import { z } from 'zod';
import { type Cloud, clouds } from '../contract/stack.ts';
import { refusalReasons } from './providers/refusing.ts';
import type { RunningRegistry } from './registries/registry.ts';
import type { RuntimeHost } from './runtimes/host.ts';
import type { Handler, WireResponse } from './world.ts';

/** Ways to misbehave that no vendor has: controls which show that the rehearsal notices. */
const faultSwitches = z.strictObject({
  /** `off`: a replaced instance is killed before traffic has moved away from it. */
  drain: z.enum(['on', 'off']),
  /** These clouds go on running the previous image's bytes after a deployment, and report the new one. */
  staleImage: z.array(z.enum(clouds)),
  /** To these clouds the account is a new one: what they no longer sell to new customers they refuse. */
  newAccount: z.array(z.enum(clouds)),
  /** What these clouds refuse to create, in the vendor's words: `{cloud: "gcp", why: "quota", type: "Service"}`. */
  refusals: z.array(
    z.strictObject({ cloud: z.enum(clouds), why: z.enum(refusalReasons), type: z.string().exactOptional() }),
  ),
  /** The registries of these clouds serve a layer with one byte changed. */
  alterLayer: z.array(z.enum(clouds)),
});
export type FaultSwitches = z.infer<typeof faultSwitches>;

/** @throws z.ZodError for anything else. */
export function parseFaults(value: unknown): FaultChanges {
  return faultSwitches.partial().parse(value);
}
/** What is not named stays as it is. */
export type FaultChanges = { readonly [name in keyof FaultSwitches]?: FaultSwitches[name] | undefined };

export interface AdminApi {
  readonly handler: Handler;
  setFaults(faults: FaultChanges): void;
}

export function adminApi(emulator: {
  readonly host: RuntimeHost;
  readonly registries: Readonly<Record<Cloud, RunningRegistry>>;
  readonly stopRequested: () => void;
}): AdminApi {
  const { host, registries } = emulator;
  const faults = (): FaultSwitches => ({
    drain: host.faults.drain,
    staleImage: [...host.faults.staleImage],
    newAccount: [...(host.faults.newAccount ?? [])],
    refusals: [...(host.faults.refusals ?? [])],
    alterLayer: clouds.filter((cloud) => registries[cloud].faults.alterLayer),
  });
  const setFaults = ({ drain, staleImage, newAccount, refusals, alterLayer }: FaultChanges) => {
    host.faults.drain = drain ?? host.faults.drain;
    host.faults.staleImage = staleImage ?? host.faults.staleImage;
    host.faults.newAccount = newAccount ?? host.faults.newAccount ?? [];
    host.faults.refusals = refusals ?? host.faults.refusals ?? [];
    if (alterLayer === undefined) return;
    for (const cloud of clouds) registries[cloud].faults.alterLayer = alterLayer.includes(cloud);
  };
  const handler: Handler = async (request) => {
    // A web page in the user's browser must not be able to stop or change anything; programs send no Origin.
    if (request.headers.origin !== undefined) return json(403, { error: 'expected no Origin header' });
    switch (`${request.method} ${request.url}`) {
      case 'GET /status':
        return json(200, { pid: process.pid, timeScale: host.timeScale, faults: faults(), services: servicesOf(host) });
      case 'POST /faults': {
        const parsed = faultSwitches.partial().safeParse(parse(request.body));
        if (!parsed.success) return json(400, { error: z.prettifyError(parsed.error) });
        setFaults(parsed.data);
        return json(200, faults());
      }
      case 'POST /stop':
        // After the answer: stopping closes this connection too.
        setTimeout(emulator.stopRequested, 10);
        return json(202, { stopping: true });
      default:
        return json(404, {
          error: `expected GET /status, POST /faults or POST /stop; found ${request.method} ${request.url}`,
        });
    }
  };
  return { handler, setFaults };
}

function servicesOf(host: RuntimeHost) {
  return [...host.services].map((service) => ({
    cloud: service.cloud,
    name: service.name,
    endpoint: service.url,
    revision: service.live?.name ?? null,
    image: service.live?.container.imageRef ?? null,
    instances: (service.live?.instances() ?? []).map(({ pid, port }) => ({ pid, port })),
    log: service.log.lines().slice(-20),
  }));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function json(status: number, body: unknown): WireResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
