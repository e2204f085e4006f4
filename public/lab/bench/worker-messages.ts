/** What the page and the worker of "Measure in this browser" tell each other. */
import * as v from 'valibot';

export const orderSchema = v.object({ rounds: v.number(), warmUp: v.number(), round: v.number() });

export const reportSchema = v.variant('type', [
  v.object({ type: v.literal('progress'), done: v.number(), total: v.number() }),
  v.object({
    type: v.literal('done'),
    results: v.array(
      v.object({
        id: v.string(),
        group: v.picklist(['decode', 'encode', 'mask']),
        length: v.number(),
        samples: v.array(v.number()),
      }),
    ),
  }),
  v.object({ type: v.literal('failed'), reason: v.string() }),
]);

export type Report = v.InferOutput<typeof reportSchema>;
