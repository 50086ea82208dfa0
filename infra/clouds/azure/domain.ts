// A host name of one's own for a site, with a certificate that App Service gets and renews.
import { Deployment } from '@pulumi/azure-native/resources/deployment.js';
import type { AppServicePlan } from '@pulumi/azure-native/web/appServicePlan.js';
import { Certificate } from '@pulumi/azure-native/web/certificate.js';
import type { WebApp } from '@pulumi/azure-native/web/webApp.js';
import { WebAppHostNameBinding } from '@pulumi/azure-native/web/webAppHostNameBinding.js';
import { type Output, output } from '@pulumi/pulumi';
import { serviceName } from '../names.ts';
import type { Place } from './place.ts';

export interface Domain {
  readonly binding: WebAppHostNameBinding;
  readonly certificate: Certificate;
  readonly secured: Deployment;
  /** What must stand in the domain's zone before App Service takes the name. */
  readonly records: Output<string>;
}

/** A record a line. https://learn.microsoft.com/azure/app-service/app-service-web-tutorial-custom-domain */
export function dnsRecords(domain: string, host: string, verificationId: string): string {
  return [`${domain} CNAME ${host}`, `asuid.${domain} TXT ${verificationId}`].join('\n');
}

/** The binding again, now with TLS. */
export function securedBinding(site: string, domain: string, thumbprint: string) {
  return {
    $schema: 'https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#',
    contentVersion: '1.0.0.0',
    resources: [
      {
        type: 'Microsoft.Web/sites/hostNameBindings',
        apiVersion: '2024-11-01',
        name: `${site}/${domain}`,
        properties: { sslState: 'SniEnabled', thumbprint },
      },
    ],
  };
}

/**
 * The certificate needs the name bound, the binding with TLS needs the certificate, and one resource can't be both bindings:
 * the second is written by a deployment (https://github.com/pulumi/pulumi-azure-native/issues/578). A certificate in use can't be
 * deleted, so all three go with their group.
 */
export function createDomain(
  { parent, group, regional, tags, stack, config }: Place,
  { site, plan }: { readonly site: WebApp; readonly plan: AppServicePlan },
): Domain | undefined {
  const { domain } = config;
  if (domain === undefined) return undefined;
  const options = { parent, deletedWith: group };
  const binding = new WebAppHostNameBinding(
    'domain',
    {
      resourceGroupName: group.name,
      name: site.name,
      siteName: site.name,
      hostName: domain,
      customHostNameDnsRecordType: 'CName',
      hostNameType: 'Verified',
    },
    options,
  );
  const certificate = new Certificate(
    'certificate',
    { ...regional, name: domain, canonicalName: domain, serverFarmId: plan.id, tags },
    { ...options, dependsOn: [binding] },
  );
  const secured = new Deployment(
    'domain-with-tls',
    {
      resourceGroupName: group.name,
      deploymentName: `${serviceName(stack)}-domain`,
      properties: {
        mode: 'Incremental',
        template: output([site.name, certificate.thumbprint] as const).apply(([name, thumbprint]) =>
          securedBinding(name, domain, thumbprint),
        ),
      },
      tags,
    },
    { ...options, dependsOn: [binding] },
  );
  const records = output([site.defaultHostName, site.customDomainVerificationId] as const).apply(([host, id]) =>
    dnsRecords(domain, host, id ?? ''),
  );
  return { binding, certificate, secured, records };
}
