// What a foundation is made of, in words: why each kind of resource is there. Pure.
import type { PlanChange } from '../../contract/plan.ts';

/** By the part of the vendor's type that says what it is; the first that fits. */
const reasons: readonly (readonly [kind: RegExp, why: string])[] = [
  [/^aws:ecr|artifactregistry|containerregistry/i, 'the one registry of all environments, whose images never change'],
  [
    /openIdConnectProvider|workloadIdentity|federatedIdentity/i,
    'lets in jobs of your repository on GitHub, and no others',
  ],
  [/sns|notificationChannel|actionGroup/i, 'who is told by alarms'],
  [/aws:s3|gcp:storage|:storage:/i, 'Pulumi’s state, with every version of it'],
  [/projects\/service:/i, 'APIs that are switched on'],
  [
    /role|policy|iam|serviceaccount|userAssignedIdentity|authorization/i,
    'who may pull, deploy or look, and the least each needs for it',
  ],
  [/resourceGroup/i, 'the group that holds it all'],
];

export interface Made {
  readonly why: string;
  readonly names: readonly string[];
}

/** Changes by why they are, in the order of the reasons. */
export function whatIsMade(changes: readonly PlanChange[]): readonly Made[] {
  const found = new Map<string, string[]>();
  for (const [, why] of reasons) found.set(why, []);
  found.set(other, []);
  for (const { type, name, operation } of changes) {
    const why = reasons.find(([kind]) => kind.test(type))?.[1] ?? other;
    found.get(why)?.push(operation === 'create' ? name : `${name} (${operation})`);
  }
  return [...found].filter(([, names]) => names.length > 0).map(([why, names]) => ({ why, names: names.sort() }));
}

const other = 'what holds the rest together';
