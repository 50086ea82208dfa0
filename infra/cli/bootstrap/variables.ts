// What jobs on GitHub need to know of a cloud, as variables of its environments: from a foundation's outputs. Pure.
import { parseDocument } from 'yaml';
import { environmentOf } from '../../clouds/grants.ts';
import { environmentsOf, subjectTemplate } from '../../clouds/trust.ts';
import { type GithubEnvironment, githubEnvironments } from '../../contract/github.ts';
import {
  type DeployIdentity,
  deployIdentities,
  type FoundationOutputs,
  type TrustedRepository,
} from '../../contract/service.ts';
import type { Cloud } from '../../contract/stack.ts';
import { diffOf, type Edited } from './stack-file.ts';

export interface Brought {
  readonly cloud: Cloud;
  readonly region: string;
  readonly account: string;
  readonly tenant?: string | undefined;
  readonly outputs: FoundationOutputs;
  /** Where all stacks keep their state; a folder of this machine is none that jobs could reach. */
  readonly backend: string | undefined;
  /** Projects and subscriptions of their own, by environment. */
  readonly accounts: Readonly<Partial<Record<string, string>>>;
}

export type GithubVariables = Readonly<Partial<Record<GithubEnvironment, Readonly<Record<string, string>>>>>;

/** Nothing for identities that the foundation did not make. */
export function variablesFor(brought: Brought): GithubVariables {
  const found: Partial<Record<GithubEnvironment, Readonly<Record<string, string>>>> = {};
  for (const identity of deployIdentities) {
    for (const environment of environmentsOf(identity)) {
      const variables = byCloud[brought.cloud](
        identity,
        brought,
        brought.accounts[environment === 'dev' ? 'dev' : 'prod'],
      );
      if (variables !== undefined) found[environment] = { ...variables, ...stateVariable(brought.backend) };
    }
  }
  return found;
}

function stateVariable(backend: string | undefined): Record<string, string> {
  return backend === undefined || backend.startsWith('file:') ? {} : { PULUMI_BACKEND_URL: backend };
}

type Maker = (
  identity: DeployIdentity,
  brought: Brought,
  own: string | undefined,
) => Record<string, string> | undefined;

const byCloud: Readonly<Record<Cloud, Maker>> = {
  aws(identity, { outputs, region }) {
    const role = outputs.details[`role.${identity}`];
    return role === undefined ? undefined : { AWS_ROLE_ARN: role, AWS_REGION: region };
  },
  gcp(identity, { outputs, account }, own) {
    const { details } = outputs;
    const { [`account.${identity}`]: service, workloadIdentityProvider: home } = details;
    const provider = details[`workloadIdentityProvider.${environmentOf(identity)}`] ?? home;
    if (provider === undefined || service === undefined) return undefined;
    return { GCP_PROJECT: own ?? account, GCP_WORKLOAD_IDENTITY_PROVIDER: provider, GCP_SERVICE_ACCOUNT: service };
  },
  azure(identity, { outputs, account, tenant }, own) {
    const client = outputs.details[`client.${identity}`];
    if (client === undefined) return undefined;
    return {
      AZURE_CLIENT_ID: client,
      ...(tenant === undefined ? {} : { AZURE_TENANT_ID: tenant }),
      AZURE_SUBSCRIPTION_ID: own ?? account,
    };
  },
};

/** The github stack's file with those variables in it; with the repository's name where the template's made-up one still stands. */
export function withVariables(
  text: string,
  variables: GithubVariables,
  trusted: TrustedRepository | undefined,
): Edited {
  const document = parseDocument(text);
  if (trusted !== undefined && document.getIn(['config', 'trireme:owner']) === 'your-organisation') {
    document.setIn(['config', 'trireme:owner'], trusted.owner);
    document.setIn(['config', 'trireme:repository'], trusted.repository);
    const template = subjectTemplate(trusted);
    if (template !== undefined)
      document.setIn(['config', 'trireme:oidcSubject'], document.createNode([...template], { flow: true }));
  }
  for (const environment of githubEnvironments) {
    for (const [name, value] of Object.entries(variables[environment] ?? {})) {
      const path = ['config', 'trireme:environments', environment, 'variables', name];
      if (document.getIn(path) !== value) document.setIn(path, value);
    }
  }
  const edited = document.toString({ lineWidth: 0, flowCollectionPadding: false });
  const diff = diffOf(text, edited);
  return diff.length === 0 ? { text, diff } : { text: edited, diff };
}
