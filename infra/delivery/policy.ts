// The team's rules for what may enter prod, who lets it in, and what happens when it goes wrong: `policy.yaml`, parsed once.
import { parse } from 'yaml';
import { z } from 'zod';
import { DeliveryError } from '../contract/errors.ts';
import { waivers } from '../contract/policy-pack.ts';
import { parseDocument } from '../contract/release.ts';
import { environments } from '../contract/stack.ts';

export const policySchema = 'trireme.policy/1';

/** Half of the silence after which the jobs of a promotion count as lost. */
export const longestWatchSeconds = 1_800;

const rules = z.strictObject({
  schema: z.literal(policySchema),
  approvals: z.strictObject({
    /** Where an approval may be given. Real clouds accept `github`, and `signed` by a key below; never `local`, whatever stands here. */
    via: z.array(z.enum(['local', 'github', 'signed'])).min(1),
    /** Logins that may approve; empty means anyone the rules below let through. */
    approvers: z.array(z.string().min(1)),
    /** May someone who wrote a commit of the release approve it? */
    authorMayApprove: z.boolean(),
    /** May the one who asked for the promotion approve it? */
    requesterMayApprove: z.boolean(),
    /** Hours after which an approval no longer counts. */
    expiresHours: z.number().positive(),
    /** SSH public keys that may sign approvals, each with the login it stands for; needed where `via` names `signed`. */
    keys: z
      .array(
        z.strictObject({
          login: z.string().regex(/^[\w.@+-]+$/, 'expected a login: letters, digits and . @ + _ -'),
          key: z.string().regex(/^(ssh|ecdsa|sk)-\S+ \S+/, 'expected an SSH public key, as in a .pub file'),
          /** Addresses under which that person commits: whoever wrote a commit is told by these too, not by their login alone. */
          emails: z.array(z.string().regex(/^[^\s<>@]+@[^\s<>@]+$/, 'expected an address, as in commits')).optional(),
        }),
      )
      .default([]),
    /** Logins that may approve against the rules about people, in an emergency, with a reason. */
    breakGlass: z.array(z.string().min(1)).default([]),
  }),
  promotions: z
    .strictObject({
      /** Minutes a release must have been proven upstream, on every stack, before it may go on. */
      soakMinutes: z.number().nonnegative().default(0),
      /** Hours after which a promotion that was prepared can be neither approved nor started: it is prepared anew. */
      preparedExpiresHours: z.number().positive().default(72),
      /** What to do when some stacks take the release and others don't. */
      onTargetFailure: z.enum(['revert-target', 'revert-all', 'hold']).default('revert-target'),
      /** Of people's requests, how many a candidate gets first, and for how long, where its platform can. Left out: none, then all. */
      share: z
        .strictObject({
          percent: z.number().positive().lt(100, 'expected less than 100 %: all of it is what comes after the share'),
          /** Emulated clouds divide it by their time scale. A job says nothing while it watches. */
          minutes: z
            .number()
            .positive()
            .max(longestWatchSeconds / 60, `expected at most ${longestWatchSeconds / 60} minutes`),
        })
        .optional(),
    })
    .prefault({}),
  /** Spans in which nothing is promoted. Rolling back stays possible. */
  freezes: z
    .array(
      z.strictObject({
        environment: z.enum(environments),
        from: z.iso.datetime({ offset: true }),
        until: z.iso.datetime({ offset: true }),
        reason: z.string().min(1),
      }),
    )
    .default([]),
  /** The first minutes of real traffic in prod, compared with what the release before met. */
  watch: z
    .strictObject({
      /** 0: not watched. Emulated clouds divide it by their time scale. A job says nothing while it watches, and silence means that it was lost. */
      seconds: z
        .number()
        .nonnegative()
        .max(longestWatchSeconds, `expected at most ${longestWatchSeconds} s`)
        .default(0),
      /** With fewer requests than this nothing can be told, and nothing is. */
      minRequests: z.int().positive().default(50),
      /** More of the requests may not be answered 5xx, in percent, over what it was before. */
      maxErrorPercent: z.number().nonnegative().default(1),
      /** Mean latency may not be more than this many times what it was before. */
      maxLatencyRatio: z.number().positive().default(2),
    })
    .prefault({}),
  supplyChain: z
    .strictObject({
      /** `required`: no attestation, no prod. `where-possible`: refused when it is wrong, said when it is missing. Emulated clouds: the same. */
      attestations: z.enum(['required', 'where-possible']).default('where-possible'),
    })
    .prefault({}),
  /** Rules of the policy pack that are lowered for some stacks, each with a reason and an end; the pack reads them itself. */
  packs: waivers.default({}),
});
export type Policy = z.infer<typeof rules>;

/** What no single key can say: whose signature it is must be beyond doubt. */
const policy = rules.superRefine(({ approvals: { via, keys }, promotions: { share }, watch, freezes }, context) => {
  const fault = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  if (via.includes('signed') && keys.length === 0) {
    fault(['approvals', 'keys'], '`via` names signed; expected at least one key');
  }
  for (const [index, { key, login }] of keys.entries()) {
    const other = keys.find((one) => one.login !== login && keyBlob(one.key) === keyBlob(key));
    if (other !== undefined) fault(['approvals', 'keys', index], `${login} and ${other.login} have the same key`);
  }
  // A job of promote.yml is ended after an hour, in the middle of whatever it does: deploying and the vendors' late metrics take the rest.
  if ((share?.minutes ?? 0) * 60 + watch.seconds > longestWatchSeconds) {
    const most = `expected at most ${longestWatchSeconds / 60} minutes together with watch.seconds`;
    fault(['promotions', 'share', 'minutes'], most);
  }
  for (const [index, { from, until }] of freezes.entries()) {
    if (Date.parse(from) >= Date.parse(until)) fault(['freezes', index], `expected from before until; found ${from}`);
  }
});

function keyBlob(key: string): string | undefined {
  return key.split(/\s+/)[1];
}

/** @throws DeliveryError `document-invalid` (every fault in one message) or `schema-unknown`. */
export function parsePolicy(text: string): Policy {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new DeliveryError('document-invalid', `policy.yaml: expected YAML; found ${message}`, { cause });
  }
  return parseDocument('policy.yaml', policy, policySchema, value);
}
