// The steps of putting one release on one stack, in order: what faults are enumerated over, and what the simulator may break.
export const deploymentSteps = [
  /** Read what the stack runs, from its own outputs. */
  'read-outputs',
  /** Write into the ledger that it begins. */
  'record-start',
  /** Note what the control plane shows before. */
  'read-baseline',
  /** Put the candidate beside what is live, where the runtime has a place for it. */
  'update-candidate',
  'prove-candidate',
  /** Give the candidate some of the traffic, where the runtime can and the policy says so. */
  'update-share',
  'prove-share',
  'watch-share',
  /** After a bad share: none of it again. */
  'take-share-back',
  /** Give the release the traffic. */
  'update',
  'prove',
  /** Compare what people's own requests meet with what they met before. */
  'watch',
  /** Put back what ran before. */
  'revert',
  'prove-revert',
  /** Write into the ledger how it ended. */
  'record-end',
] as const;
export type DeploymentStep = (typeof deploymentSteps)[number];

/** How a step can go wrong. `lost`: it was done, and nobody heard of it, because the job died or the answer did. */
export const stepFaults = ['fail', 'time-out', 'half-apply', 'lost'] as const;
export type StepFault = (typeof stepFaults)[number];
