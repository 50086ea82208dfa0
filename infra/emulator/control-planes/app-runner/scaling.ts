// App Runner's automatic scaling configurations: never changed, only numbered anew.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { appRunner } from '../../../clouds/aws/app-runner/runtime.ts';

const { concurrency } = appRunner;

/** https://docs.aws.amazon.com/apprunner/latest/api/API_CreateAutoScalingConfiguration.html */
export const createAutoScaling = z
  .strictObject({
    AutoScalingConfigurationName: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9\-_]{3,31}$/),
    MaxConcurrency: z.int().min(1).max(concurrency.value.max).default(concurrency.value.default),
    MinSize: z.int().min(1).max(25).default(1),
    MaxSize: z.int().min(1).max(25).default(25),
    Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional(),
  })
  .refine((one) => one.MinSize <= one.MaxSize, 'MinSize must not exceed MaxSize');

export interface AutoScaling {
  readonly AutoScalingConfigurationArn: string;
  readonly AutoScalingConfigurationName: string;
  readonly AutoScalingConfigurationRevision: number;
  Latest: boolean;
  Status: 'ACTIVE' | 'INACTIVE';
  readonly MaxConcurrency: number;
  readonly MinSize: number;
  readonly MaxSize: number;
  readonly CreatedAt: number;
  DeletedAt?: number;
  HasAssociatedService: boolean;
  readonly IsDefault: boolean;
}

export class AutoScalings {
  readonly default: AutoScaling;
  #accountId: string;
  #all: AutoScaling[] = [];

  constructor(accountId: string) {
    this.#accountId = accountId;
    const limits = { MaxConcurrency: concurrency.value.default, MinSize: 1, MaxSize: 25 };
    const made = this.create({ AutoScalingConfigurationName: 'DefaultConfiguration', ...limits }, 'eu-west-1');
    this.default = { ...made, IsDefault: true };
    this.#all = [this.default];
  }

  create(request: z.infer<typeof createAutoScaling>, region: string): AutoScaling {
    const name = request.AutoScalingConfigurationName;
    const earlier = this.#all.filter((one) => one.AutoScalingConfigurationName === name);
    for (const one of earlier) one.Latest = false;
    const revision = earlier.length + 1;
    const created: AutoScaling = {
      AutoScalingConfigurationArn: `arn:aws:apprunner:${region}:${this.#accountId}:autoscalingconfiguration/${name}/${revision}/${randomBytes(16).toString('hex')}`,
      AutoScalingConfigurationName: name,
      AutoScalingConfigurationRevision: revision,
      Latest: true,
      Status: 'ACTIVE',
      MaxConcurrency: request.MaxConcurrency,
      MinSize: request.MinSize,
      MaxSize: request.MaxSize,
      CreatedAt: Date.now() / 1000,
      HasAssociatedService: false,
      IsDefault: false,
    };
    this.#all.push(created);
    return created;
  }

  /** By full ARN, or by one without revision, which names the latest. */
  find(arn: string): AutoScaling | undefined {
    return (
      this.#all.find((one) => one.AutoScalingConfigurationArn === arn) ??
      this.#all.find((one) => one.Latest && one.AutoScalingConfigurationArn.startsWith(`${arn}/`))
    );
  }
}
