// One App Service site or slot: it accepts any image at once, starts it later, and is dead when the container never answers.
import { createHash, randomBytes } from 'node:crypto';
import { appService } from '../../../clouds/azure/app-service/runtime.ts';
import type { Scaling } from '../../runtimes/autoscaler.ts';
import type { Container, StartFailure } from '../../runtimes/container.ts';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { HostedService } from '../../runtimes/hosted-service.ts';
import { BoundedLog } from '../../runtimes/log.ts';
import { pause } from '../../runtimes/probe.ts';
import { containerOf, frontDoorRules, type SiteSettings } from './container.ts';

export type InstanceState = 'READY' | 'STOPPED' | 'UNKNOWN';

export interface Experiments {
  readonly rampUpRules?:
    | readonly { readonly actionHostName: string; readonly reroutePercentage?: number | undefined }[]
    | null
    | undefined;
}

export class Site {
  /** The resource's path below the resource group: `Microsoft.Web/sites/app/slots/candidate`. */
  readonly id: string;
  /** `app`, or `app/slot`. */
  readonly name: string;
  location: string;
  kind: string;
  tags: Readonly<Record<string, string>> = {};
  identity: Readonly<Record<string, unknown>> | undefined;
  /** Properties of the site that change nothing here, given back as sent. */
  properties: Readonly<Record<string, unknown>> = {};
  /** The site's configuration without what `settings` holds. */
  siteConfig: Readonly<Record<string, unknown>> = {};
  /** Which of its requests other hosts answer. Changing it starts nothing anew. */
  experiments: Experiments | undefined;
  settings: SiteSettings = { linuxFxVersion: '', appSettings: {}, numberOfWorkers: 1 };
  /** By the autoscale setting of its plan; without one there are always as many workers. */
  scaling: Scaling | undefined;
  state: 'Running' | 'Stopped' = 'Running';
  instanceState: InstanceState = 'UNKNOWN';
  readonly instanceId: string;
  readonly platformLog = new BoundedLog();
  readonly hosted: HostedService;
  #host: RuntimeHost;
  #recycling = new AbortController();
  #recycled: Promise<void> = Promise.resolve();

  constructor(
    host: RuntimeHost,
    hosted: HostedService,
    identity: { readonly id: string; readonly name: string; readonly location: string; readonly kind: string },
  ) {
    this.#host = host;
    this.hosted = hosted;
    this.id = identity.id;
    this.name = identity.name;
    this.location = identity.location;
    this.kind = identity.kind;
    this.instanceId = createHash('sha256').update(identity.id).digest('hex');
  }

  /** Called after each change: the answer to the client never waits for it. A later change takes the place of one under way. */
  recycle(): void {
    this.#recycling.abort();
    this.#recycling = new AbortController();
    const signal = AbortSignal.any([this.#recycling.signal, this.#host.stopping.signal]);
    this.#recycled = this.#recycled
      .then(() => this.#start(signal))
      .catch((error: unknown) => this.#log('ERROR', `Internal error: ${error}`));
  }

  stop(): void {
    this.state = 'Stopped';
    this.#recycling.abort();
    this.#recycled = this.#recycled.then(() => this.#halt());
  }

  start(): void {
    this.state = 'Running';
    this.recycle();
  }

  async delete(): Promise<void> {
    this.#recycling.abort();
    await this.#recycled;
    await this.hosted.close();
  }

  /** Overlapped recycling: what serves goes on until the new container is warm; when that fails nothing serves. */
  async #start(signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.state === 'Stopped') return;
    const host = this.hosted.url.replace('http://', '');
    const site = this.name.replace('/', '-');
    const instance = this.instanceId;
    const container = containerOf(this.settings, { site, instance, host, region: this.location });
    if (container === undefined) return this.#halt();
    await pause((appService.provisionSeconds.value * 1000) / this.#host.timeScale, signal);
    if (signal.aborted) return;

    const name = `${site}_0_${randomBytes(4).toString('hex')}`;
    this.#log('INFO', `Pulling image: ${container.imageRef}`);
    this.#log('INFO', `docker run -d --expose=${container.port} --name ${name} ${container.imageRef}`);
    this.#log('INFO', `Initiating warmup request to container ${name} for site ${site}`);
    const started = performance.now();
    const failure =
      this.#pullRefused(container) ?? (await this.hosted.replace({ name, container, rules: frontDoorRules }, signal));
    const elapsed = `Elapsed time = ${((performance.now() - started) / 1000).toFixed(7)} sec`;
    if (failure === undefined) {
      // As the setting is now, which may have come while the container started.
      this.hosted.scale(this.scaling);
      this.instanceState = 'READY';
      this.#log('INFO', `Container ${name} for site ${site} initialized successfully and is ready to serve requests.`);
      return;
    }
    if (failure.kind === 'cancelled') return;
    for (const line of wordsFor(failure, name, site, container.port, elapsed)) this.#log('ERROR', line);
    await this.#halt();
  }

  async #halt(): Promise<void> {
    this.instanceState = 'STOPPED';
    this.#log('INFO', `Stopping site ${this.name.replace('/', '-')}`);
    await this.hosted.halt();
  }

  /** An image in a registry that needs a login is pulled with an identity, or with a name and a password. */
  #pullRefused(container: Container): StartFailure | undefined {
    const identity = this.siteConfig.acrUseManagedIdentityCreds === true && this.identity !== undefined;
    const password = this.settings.appSettings.DOCKER_REGISTRY_SERVER_PASSWORD !== undefined;
    if (identity || password || !/^[^/]+\.azurecr\.io\//.test(container.imageRef)) return undefined;
    return { kind: 'image', reason: 'unauthorized: authentication required' };
  }

  #log(level: 'INFO' | 'ERROR', message: string): void {
    const line = `${level.padEnd(5)} - ${message}`;
    this.platformLog.append(`${new Date().toISOString()} ${line}\n`);
    this.hosted.say(line);
  }
}

/** The platform log's own wordings, by which people recognize these failures. */
function wordsFor(failure: StartFailure, name: string, site: string, port: number, elapsed: string): readonly string[] {
  switch (failure.kind) {
    case 'image':
      return [
        `Image pull failed: Verify docker image configuration and credentials (if using private repository): ${failure.reason}`,
        `Container ${name} for site ${site} failed to start`,
      ];
    case 'exited':
      return [`Container ${name} for site ${site} has exited, failing site start: ${failure.reason}`];
    case 'not-ready':
      return [
        `Container ${name} for site ${site} did not start within expected time limit. ${elapsed}`,
        `Container ${name} didn't respond to HTTP pings on port: ${port}, failing site start. See container logs for debugging. ${failure.reason}`,
      ];
    case 'cancelled':
      return [];
  }
}
