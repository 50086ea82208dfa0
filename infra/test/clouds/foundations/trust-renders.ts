// Who on GitHub may become which identity, rendered from what the foundations made.
import { z } from 'zod';
import { audiences } from '../../../clouds/trust.ts';
import type { Cloud } from '../../../contract/stack.ts';
import { awsAllows, azureAllows, gcpAllows } from '../oidc-judges.ts';
import type { Render } from '../oidc-table.ts';
import { type Made, nameOf } from './made.ts';

const texts = z.array(z.string());
const typed = (made: readonly Made[]) => (type: string) => made.filter((one) => one.type === type);

const aws =
  (made: readonly Made[]): Render =>
  (identity) => {
    const ofType = typed(made);
    const role = ofType('aws:iam/role:Role').find((one) => nameOf(one) === identity);
    const policy = z
      .object({
        Statement: z.array(
          z.object({
            Effect: z.string(),
            Action: z.string(),
            Principal: z.object({ Federated: z.string() }),
            Condition: z.record(z.string(), z.record(z.string(), z.union([z.string(), texts]))),
          }),
        ),
      })
      .parse(JSON.parse(String(role?.inputs.assumeRolePolicy)));
    return { audience: audiences.aws, allows: (claims) => awsAllows(policy, claims) };
  };

const gcp =
  (made: readonly Made[]): Render =>
  (identity) => {
    const ofType = typed(made);
    const members = ofType('gcp:serviceaccount/iAMMember:IAMMember')
      .filter(({ inputs }) => String(inputs.serviceAccountId).includes(`/trireme-${identity}@`))
      .filter(({ inputs }) => inputs.role === 'roles/iam.workloadIdentityUser')
      .map(({ inputs }) => String(inputs.member));
    // That of the identity's own project.
    const pool = ofType('gcp:iam/workloadIdentityPool:WorkloadIdentityPool').find(({ outputs }) =>
      members.every((member) => member.includes(`/${String(outputs.name)}/`)),
    );
    const provider = ofType('gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider').find(
      ({ inputs }) => inputs.workloadIdentityPoolId === pool?.inputs.workloadIdentityPoolId,
    );
    const { attributeCondition, attributeMapping, oidc } = z
      .object({
        attributeCondition: z.string(),
        attributeMapping: z.record(z.string(), z.string()),
        oidc: z.object({ issuerUri: z.string() }).passthrough(),
      })
      .parse(provider?.inputs);
    // No list of other audiences: the provider's own name is the only one.
    if (oidc.allowedAudiences !== undefined) throw new Error('a list of audiences is not known here');
    const audience = `https://iam.googleapis.com/${String(provider?.outputs.name)}`;
    const trust = {
      issuer: oidc.issuerUri,
      audience,
      mapping: attributeMapping,
      condition: attributeCondition,
      pool: String(pool?.outputs.name),
      members,
    };
    return { audience, allows: (claims) => gcpAllows(trust, claims) };
  };

const azure =
  (made: readonly Made[]): Render =>
  (identity) => {
    const ofType = typed(made);
    const credentials = ofType('azure-native:managedidentity:FederatedIdentityCredential')
      .filter(({ inputs }) => inputs.resourceName === `trireme-${identity}`)
      .map(({ inputs }) => ({
        name: String(inputs.federatedIdentityCredentialResourceName),
        issuer: String(inputs.issuer),
        subject: String(inputs.subject),
        audiences: texts.parse(inputs.audiences),
      }));
    return { audience: audiences.azure, allows: (claims) => azureAllows(credentials, claims) };
  };

export const renders: Readonly<Record<Cloud, (made: readonly Made[]) => Render>> = { aws, gcp, azure };
