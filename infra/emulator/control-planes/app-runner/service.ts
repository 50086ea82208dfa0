// One App Runner service: its status, its operations, and the silent roll-back of an update that fails.
import { randomBytes, randomUUID } from 'node:crypto';
import { appRunner } from '../../../clouds/aws/app-runner/runtime.ts';
import type { StartFailure } from '../../runtimes/container.ts';
import type { RuntimeHost } from '../../runtimes/host.ts';
import type { HostedService } from '../../runtimes/hosted-service.ts';
import { pause } from '../../runtimes/probe.ts';
import { resolved } from '../../runtimes/secrets.ts';
import { containerOf, frontDoorOf, type ServiceSettings, scalingOf } from './container.ts';

export type OperationType = 'CREATE_SERVICE' | 'UPDATE_SERVICE' | 'DELETE_SERVICE' | 'PAUSE_SERVICE' | 'RESUME_SERVICE';

export interface Operation {
  readonly Id: string;
  readonly Type: OperationType;
  Status:
    | 'PENDING'
    | 'IN_PROGRESS'
    | 'FAILED'
    | 'SUCCEEDED'
    | 'ROLLBACK_IN_PROGRESS'
    | 'ROLLBACK_FAILED'
    | 'ROLLBACK_SUCCEEDED';
  readonly TargetArn: string;
  readonly StartedAt: number;
  UpdatedAt: number;
  EndedAt?: number;
}

export type ServiceStatus = 'CREATE_FAILED' | 'RUNNING' | 'DELETED' | 'PAUSED' | 'OPERATION_IN_PROGRESS';

/** How an operation ended, and what the service's status is then. */
interface Ending {
  readonly operation: Operation['Status'];
  readonly service: ServiceStatus;
}

export class AppRunnerService {
  readonly name: string;
  /** 32 hexadecimal digits, as real ones are. */
  readonly id = randomBytes(16).toString('hex');
  readonly arn: string;
  readonly createdAt = epochSeconds();
  updatedAt = this.createdAt;
  deletedAt: number | undefined;
  status: ServiceStatus = 'OPERATION_IN_PROGRESS';
  settings: ServiceSettings;
  /** What the caller sent beside the settings; given back as it is. */
  described: Readonly<Record<string, unknown>>;
  /** Newest first. */
  readonly operations: Operation[] = [];
  #host: RuntimeHost;
  readonly hosted: HostedService;

  constructor(
    host: RuntimeHost,
    hosted: HostedService,
    identity: { readonly name: string; readonly region: string; readonly accountId: string },
    settings: ServiceSettings,
    described: Readonly<Record<string, unknown>>,
  ) {
    this.#host = host;
    this.hosted = hosted;
    this.name = identity.name;
    this.arn = `arn:aws:apprunner:${identity.region}:${identity.accountId}:service/${identity.name}/${this.id}`;
    hosted.resource = this.arn;
    const group = `/aws/apprunner/${this.arn.split('/').slice(1).join('/')}`;
    hosted.logGroups = { [`${group}/service`]: 'platform', [`${group}/application`]: 'container' };
    this.settings = settings;
    this.described = described;
  }

  create(): Operation {
    return this.#operate('CREATE_SERVICE', async () => {
      const failure = await this.#deploy(this.settings);
      if (failure === undefined) return { operation: 'SUCCEEDED', service: 'RUNNING' };
      return { operation: 'FAILED', service: 'CREATE_FAILED' };
    });
  }

  /** While it runs, and when it failed, the service goes on as it was. */
  update(settings: ServiceSettings, described: Readonly<Record<string, unknown>>): Operation {
    const before = { settings: this.settings, described: this.described };
    this.settings = settings;
    this.described = described;
    return this.#operate('UPDATE_SERVICE', async (operation) => {
      const failure = await this.#deploy(settings);
      if (failure === undefined) return { operation: 'SUCCEEDED', service: 'RUNNING' };
      operation.Status = 'ROLLBACK_IN_PROGRESS';
      this.settings = before.settings;
      this.described = before.described;
      await this.#provision(0.5);
      // The service reports RUNNING again and names the old image; only the operation tells.
      return { operation: 'ROLLBACK_SUCCEEDED', service: 'RUNNING' };
    });
  }

  delete(): Operation {
    return this.#operate('DELETE_SERVICE', async () => {
      await this.hosted.close();
      this.deletedAt = epochSeconds();
      return { operation: 'SUCCEEDED', service: 'DELETED' };
    });
  }

  pause(): Operation {
    return this.#operate('PAUSE_SERVICE', async () => {
      await this.hosted.halt();
      return { operation: 'SUCCEEDED', service: 'PAUSED' };
    });
  }

  resume(): Operation {
    return this.#operate('RESUME_SERVICE', async () => {
      const failure = await this.#deploy(this.settings);
      if (failure === undefined) return { operation: 'SUCCEEDED', service: 'RUNNING' };
      return { operation: 'FAILED', service: 'PAUSED' };
    });
  }

  #operate(type: OperationType, work: (operation: Operation) => Promise<Ending>): Operation {
    const now = epochSeconds();
    const operation: Operation = {
      Id: randomUUID(),
      Type: type,
      Status: 'IN_PROGRESS',
      TargetArn: this.arn,
      StartedAt: now,
      UpdatedAt: now,
    };
    this.operations.unshift(operation);
    this.status = 'OPERATION_IN_PROGRESS';
    const end = (ending: Ending) => {
      operation.Status = ending.operation;
      operation.EndedAt = operation.UpdatedAt = this.updatedAt = epochSeconds();
      this.status = ending.service;
    };
    work(operation).then(end, (error: unknown) => {
      this.hosted.say(`internal error: ${error}`);
      end({ operation: 'FAILED', service: type === 'CREATE_SERVICE' ? 'CREATE_FAILED' : 'RUNNING' });
    });
    return operation;
  }

  async #deploy(settings: ServiceSettings): Promise<StartFailure | undefined> {
    await this.#provision(1);
    const container = containerOf(settings);
    const { RuntimeEnvironmentSecrets = {} } = settings.source.ImageRepository.ImageConfiguration ?? {};
    const secrets = resolved(this.#host.secrets, RuntimeEnvironmentSecrets);
    this.hosted.say(`Deploying ${container.imageRef}`);
    const failure: StartFailure | undefined =
      'missing' in secrets
        ? { kind: 'image', reason: `Failed to retrieve secrets: ${secrets.missing}` }
        : await this.hosted.replace(
            {
              name: this.name,
              container: { ...container, variables: { ...container.variables, ...secrets.variables } },
              rules: frontDoorOf(settings),
              scaling: scalingOf(settings),
            },
            this.#host.stopping.signal,
          );
    this.hosted.say(failure === undefined ? 'Deployment successful.' : wordsFor(failure, settings));
    return failure;
  }

  #provision(share: number): Promise<void> {
    return pause((share * appRunner.provisionSeconds.value * 1000) / this.#host.timeScale, this.#host.stopping.signal);
  }
}

/** The lines of the service's event log. */
function wordsFor(failure: StartFailure, settings: ServiceSettings): string {
  const { health } = settings;
  switch (failure.kind) {
    case 'image':
      return `Failed to pull your application image. ${failure.reason}`;
    case 'exited':
      return `Your application stopped or failed to start. See logs for more information. Container ${failure.reason}`;
    case 'not-ready':
      return `Health check failed on protocol \`${health.Protocol}\` [Path: '${health.Path}'], [Port: '${containerOf(settings).port}']. ${failure.reason}`;
    case 'cancelled':
      return `The deployment was cancelled. ${failure.reason}`;
  }
}

function epochSeconds(): number {
  return Date.now() / 1000;
}
