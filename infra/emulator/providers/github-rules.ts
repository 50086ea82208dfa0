// Rulesets as Pulumi's provider writes them and as GitHub's API does: one object of rules against a list of types with parameters.
import { isRecord, type Properties, type Property } from '../engine/property.ts';
import { CloudRefusal } from '../engine/resource-model.ts';

const flags = ['creation', 'deletion', 'nonFastForward', 'requiredLinearHistory', 'requiredSignatures', 'update'];
const parameters: Readonly<Record<string, string>> = { pullRequest: 'pull_request' };

/** @throws CloudRefusal for a rule that is not emulated. */
export function rulesTo(value: Property | undefined): Property {
  return Object.entries(isRecord(value) ? value : {}).flatMap(([key, given]) => {
    if (flags.includes(key)) return given === true ? [{ type: snake(key) }] : [];
    const type = parameters[key];
    if (type === undefined) throw new CloudRefusal(`the emulated github has no ruleset rule ${key}`);
    const asked = isRecord(given) ? given : {};
    const named = Object.fromEntries(Object.entries(asked).map(([name, one]) => [snake(name), one]));
    // GitHub wants every parameter; the provider sends its defaults.
    return [{ type, parameters: { ...pullRequestDefaults, ...named } }];
  });
}

export function rulesFrom(value: Property | undefined): Properties {
  const rules = (Array.isArray(value) ? value : []).filter(isRecord);
  return Object.fromEntries(
    rules.map(({ type, parameters: given }) => [
      camel(String(type)),
      isRecord(given) ? Object.fromEntries(Object.entries(given).map(([name, one]) => [camel(name), one])) : true,
    ]),
  );
}

/** `refName.includes` of the provider is `ref_name.include` of the API; each becomes the other. */
export function conditionsFrom(value: Property | undefined): Properties {
  if (!isRecord(value)) return {};
  const { refName, ref_name } = value;
  if (isRecord(refName)) return { ref_name: { include: refName.includes ?? [], exclude: refName.excludes ?? [] } };
  if (isRecord(ref_name)) return { refName: { includes: ref_name.include ?? [], excludes: ref_name.exclude ?? [] } };
  return {};
}

export function bypassActorsFrom(value: Property | undefined): readonly Property[] {
  return (Array.isArray(value) ? value : [])
    .filter(isRecord)
    .map(({ actor_id = null, actor_type = '', bypass_mode = 'always' }) => ({
      actorId: actor_id,
      actorType: actor_type,
      bypassMode: bypass_mode,
    }));
}

const pullRequestDefaults: Properties = {
  dismiss_stale_reviews_on_push: false,
  require_code_owner_review: false,
  require_last_push_approval: false,
  required_approving_review_count: 0,
  required_review_thread_resolution: false,
};

function snake(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camel(name: string): string {
  return name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
