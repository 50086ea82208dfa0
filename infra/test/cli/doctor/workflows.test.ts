// biome-ignore-all lint/suspicious/noTemplateCurlyInString: expressions of GitHub Actions
import { describe, expect, test } from 'vitest';
import { judgeWorkflows, needsOf, type WorkflowFile } from '../../../cli/doctor/workflows.ts';

const login: WorkflowFile = {
  name: 'actions/login',
  text: `runs:
  using: composite
  steps:
    - if: contains(fromJSON(inputs.clouds), 'aws')
      uses: aws-actions/configure-aws-credentials@1
      with: { role-to-assume: '\${{ fromJSON(inputs.variables).AWS_ROLE_ARN }}' }
    - if: contains(fromJSON(inputs.clouds), 'gcp')
      uses: google-github-actions/auth@1
      with: { project_id: '\${{ fromJSON(inputs.variables).GCP_PROJECT }}' }
`,
};
const file = (environment: string): WorkflowFile => ({
  name: 'promote.yml',
  text: `jobs:
  list: { steps: [{ run: x, env: { A: '\${{ vars.EVERYWHERE }}' } }] }
  deploy:
    environment: ${environment}
    steps:
      - uses: ./.github/actions/login
      - run: x
        env: { B: '\${{ vars.PULUMI_BACKEND_URL }}', C: '\${{ vars.AZURE_CLIENT_ID }}' }
`,
});

describe('what workflows need', () => {
  test('environments by name, and the variables of each, of the clouds there are', () => {
    expect(needsOf([file('prod'), login], ['aws'])).toEqual({
      environments: { prod: ['promote.yml'] },
      variables: { '': ['EVERYWHERE'], prod: ['AWS_ROLE_ARN', 'PULUMI_BACKEND_URL'] },
      templated: [],
    });
    expect(needsOf([file('{ name: prod }'), login], ['gcp', 'azure']).variables.prod).toEqual([
      'AZURE_CLIENT_ID',
      'GCP_PROJECT',
      'PULUMI_BACKEND_URL',
    ]);
  });

  test.each([
    ['prod', 'good', 'prod'],
    ['production', 'fault', 'named in promote.yml'],
    ["'${{ inputs.environment }}'", 'fault', 'an expression'],
  ])('environment: %s is a %s', (environment, outcome, found) => {
    expect(judgeWorkflows(needsOf([file(environment), login], []))).toMatchObject([{ outcome, found }]);
  });
});
