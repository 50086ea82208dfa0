// The golden predictions inside a model artifact, as verification reads them from the image: inputs and the answers training computed.
import { z } from 'zod';

export const goldenSchema = 'trireme.golden/1';

export const golden = z.object({
  schema: z.literal(goldenSchema),
  /** Largest allowed distance: `tolerance * max(1, |expected|)`. */
  tolerance: z.number().positive(),
  cases: z
    .array(
      z.object({
        /** A record as `POST /predict` takes it. */
        input: z.record(z.string(), z.unknown()),
        /** The prediction row without `predictionId`: numbers are compared within the tolerance, everything else exactly. */
        output: z.record(z.string(), z.unknown()),
      }),
    )
    .min(16),
});
export type Golden = z.infer<typeof golden>;
