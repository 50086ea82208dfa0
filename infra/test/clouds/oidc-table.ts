// The truth table: every token shape of every job, put before the trust of every identity.
import { type DeployIdentity, deployIdentities, type TrustedRepository } from '../../contract/service.ts';
import { type Claims, jobs, misplacedJobs, type Shape, shapes, tokenOf } from './oidc-tokens.ts';

export interface Judge {
  /** What this cloud's login asks GitHub for. */
  readonly audience: string;
  readonly allows: (claims: Claims) => boolean;
}
export type Render = (identity: DeployIdentity, repository: TrustedRepository) => Judge;

/** Every cell that differs from what is meant, as `shape (job): identity`, with `+` where somebody gets in who should not. */
export function wrongCells(
  render: Render,
  repository: TrustedRepository,
): { readonly wrong: readonly string[]; readonly cells: number } {
  const wrong: string[] = [];
  let cells = 0;
  for (const identity of deployIdentities) {
    const judge = render(identity, repository);
    const look = (name: string, claims: Claims, meant: boolean) => {
      cells += 1;
      const allowed = judge.allows(claims);
      if (allowed !== meant) wrong.push(`${allowed ? '+' : '-'} ${name}: ${identity}`);
    };
    for (const job of jobs) {
      for (const shape of shapes) {
        const claims = tokenOf(shape, job, repository, judge.audience);
        const meant = identity === job.identity && isMeant(shape, repository);
        look(`${shape.name} (${job.environment}, ${job.workflow})`, claims, meant);
      }
    }
    const name = 'another of our workflow files';
    for (const job of misplacedJobs) {
      const claims = tokenOf({ name }, job, repository, judge.audience);
      look(`${name} (${job.environment}, ${job.workflow})`, claims, false);
    }
  }
  return { wrong, cells };
}

function isMeant({ allows }: Shape, { legacySubject }: TrustedRepository): boolean {
  return allows === 'its own identity' || (allows !== undefined && legacySubject);
}

/** `+ another workflow file` */
export function shapesIn(wrong: readonly string[]): readonly string[] {
  return [...new Set(wrong.map((cell) => cell.replace(/ \([^(]*\): [a-z-]+$/, '')))].sort();
}
