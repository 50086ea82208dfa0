// Do the foundations trust the tokens that the github stack makes GitHub write? Pure; asks nobody.
import { subjectTemplate } from '../../clouds/trust.ts';
import type { GithubConfig } from '../../contract/github.ts';
import type { TrustedRepository } from '../../contract/service.ts';
import { fault, good, type Judged } from './finding.ts';

export interface StatedTrust {
  /** `aws-foundation` */
  readonly stack: string;
  readonly github: TrustedRepository;
}

/** @param config the github stack file; `undefined`: not filled in yet, and nothing to compare with. */
export function judgeTrust(foundations: readonly StatedTrust[], config: GithubConfig | undefined): readonly Judged[] {
  if (config === undefined) return [];
  const name = `${config.owner}/${config.repository}`;
  return foundations.flatMap(({ stack, github }) => {
    const subject = `trust of ${stack}`;
    const repair = (key: string) => `change ${key} in stacks/Pulumi.${stack}.yaml or in stacks/Pulumi.github.yaml`;
    const trusted = `${github.owner}/${github.repository}`;
    const wanted = words(subjectTemplate(github));
    const found = words(config.oidcSubject);
    const [first] = foundations;
    const ids = ({ ownerId, repositoryId }: TrustedRepository) => `ids ${ownerId} and ${repositoryId}`;
    const faults = [
      // GitHub writes names as they were given, and clouds compare capitals.
      ...(trusted === name ? [] : [fault(subject, name, trusted, repair('github'))]),
      ...(wanted === found ? [] : [fault(subject, `oidcSubject: ${wanted}`, found, repair('oidcSubject'))]),
      ...(first === undefined || ids(first.github) === ids(github)
        ? []
        : [fault(subject, `${ids(first.github)}, as ${first.stack} has`, ids(github), idsRepair)]),
    ];
    return faults.length === 0 ? [good(subject, `${trusted}, by ${wanted}`)] : faults;
  });
}

const idsRepair = 'gh api repos/{owner}/{repo} --jq \'"\\(.owner.id) \\(.id)"\', and put both into every foundation';

function words(template: readonly string[] | undefined): string {
  return template === undefined ? 'GitHub’s default' : `[${template.join(', ')}]`;
}
