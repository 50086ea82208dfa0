// What a cloud shows otherwise than a stack's state declares it. Read and told, never written back.
import { z } from 'zod';

export const resourceDrift = z.strictObject({
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  /**
   * `missing`: the cloud has no such resource any more. `outdated`: nothing in the cloud; another stack, whose outputs this one read when it was
   * deployed, has others since.
   */
  kind: z.enum(['changed', 'missing', 'outdated']),
  /** Sorted by path; empty for what is missing, and where the provider did not say which. Secrets are not shown. */
  fields: z.array(z.strictObject({ path: z.string(), declared: z.string(), found: z.string() })),
});
export type ResourceDrift = z.infer<typeof resourceDrift>;
