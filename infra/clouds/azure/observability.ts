// What is written down about a service on Azure and for how long, and the request from outside that says whether it answers.
import { Component } from '@pulumi/azure-native/applicationinsights/component.js';
import { WebTest } from '@pulumi/azure-native/applicationinsights/webTest.js';
import { DiagnosticSetting } from '@pulumi/azure-native/monitor/diagnosticSetting.js';
import { Workspace } from '@pulumi/azure-native/operationalinsights/workspace.js';
import { type Input, interpolate, type Output, output, type Resource } from '@pulumi/pulumi';
import { readyPath } from '../../contract/service.ts';
import { serviceName } from '../names.ts';
import type { Place } from './place.ts';

export function createWorkspace({ parent, regional, tags, stack, config }: Place): Workspace {
  return new Workspace(
    'logs',
    {
      ...regional,
      workspaceName: serviceName(stack),
      sku: { name: 'PerGB2018' },
      retentionInDays: config.logRetentionDays,
      tags,
    },
    { parent },
  );
}

/** https://learn.microsoft.com/azure/app-service/monitor-app-service-reference#resource-logs */
const logCategories = ['AppServiceConsoleLogs', 'AppServiceHTTPLogs', 'AppServicePlatformLogs'];

/** Sends the logs of a site or slot to the workspace. Metrics need no copy: Azure Monitor keeps them for 93 days. */
export function keepLogs(
  name: string,
  { parent }: Place,
  workspace: Workspace,
  resource: Resource & { id: Output<string> },
) {
  return new DiagnosticSetting(
    name,
    {
      name,
      resourceUri: resource.id,
      workspaceId: workspace.id,
      logs: logCategories.map((category) => ({ category, enabled: true })),
    },
    { parent },
  );
}

/** On three continents, so that one network's trouble is not the service's: https://learn.microsoft.com/azure/azure-monitor/app/availability#location-population-tags */
const locations = ['apac-sg-sin-azr', 'emea-gb-db3-azr', 'emea-nl-ams-azr', 'us-ca-sjc-azr', 'us-va-ash-azr'];

export interface UptimeCheck {
  readonly component: Component;
  readonly test: WebTest;
}

/** @param endpoint base URL, as people ask it. */
export function createUptimeCheck(
  { parent, regional, tags, stack, config }: Place,
  workspace: Workspace,
  endpoint: Input<string>,
): UptimeCheck | undefined {
  if (!config.uptimeCheck) return undefined;
  const component = new Component(
    'insights',
    {
      ...regional,
      resourceName: serviceName(stack),
      applicationType: 'web',
      kind: 'web',
      ingestionMode: 'LogAnalytics',
      workspaceResourceId: workspace.id,
      // Nobody needs the instrumentation key as a password.
      disableLocalAuth: true,
      tags,
    },
    { parent },
  );
  const test = new WebTest(
    'uptime-check',
    {
      ...regional,
      webTestName: `${serviceName(stack)}-ready`,
      syntheticMonitorId: `${serviceName(stack)}-ready`,
      webTestKind: 'standard',
      kind: 'standard',
      enabled: true,
      frequency: 300,
      timeout: 30,
      retryEnabled: true,
      locations: locations.map((location) => ({ location })),
      request: {
        requestUrl: interpolate`${endpoint}${readyPath}`,
        httpVerb: 'GET',
        followRedirects: false,
        parseDependentRequests: false,
      },
      validationRules: { expectedHttpStatusCode: 200, sSLCheck: true, sSLCertRemainingLifetimeCheck: 7 },
      // This tag is what makes it a test of that component.
      tags: output(component.id).apply((id) => ({ ...tags, [`hidden-link:${id}`]: 'Resource' })),
    },
    { parent },
  );
  return { component, test };
}
