// How the Admin API v2 shows a service and a revision: int64 as strings, false and empty fields absent. Pure.
import type { CloudRunService, RevisionRecord } from './service.ts';

export function serviceResource(service: CloudRunService): Record<string, unknown> {
  const lastRevision = service.revisions.at(-1);
  const ready = service.latestReady;
  const conditionsState = service.terminal;
  return pruned({
    ...service.spec.rest,
    name: service.fullName,
    uid: service.uid,
    generation: String(service.generation),
    createTime: service.createTime,
    updateTime: service.updateTime,
    etag: `"${service.uid.slice(0, 8)}-${service.generation}"`,
    ingress: service.spec.rest.ingress ?? 'INGRESS_TRAFFIC_ALL',
    launchStage: service.spec.rest.launchStage ?? 'GA',
    template: service.spec.template,
    traffic: service.spec.traffic,
    observedGeneration: service.observedGeneration === 0 ? undefined : String(service.observedGeneration),
    terminalCondition: conditionsState,
    conditions: [
      { ...conditionsState, type: 'RoutesReady' },
      { ...conditionsState, type: 'ConfigurationsReady' },
    ],
    latestReadyRevision: ready && revisionName(service, ready),
    latestCreatedRevision: lastRevision && revisionName(service, lastRevision),
    trafficStatuses: service.trafficStatuses,
    uri: service.hosted.url,
    urls: [service.hosted.url],
    reconciling: service.reconciling,
  });
}

export function revisionResource(service: CloudRunService, revision: RevisionRecord): Record<string, unknown> {
  const { template } = revision;
  return pruned({
    ...template,
    revision: undefined,
    healthCheckDisabled: undefined,
    name: revisionName(service, revision),
    uid: revision.uid,
    generation: String(revision.generation),
    createTime: revision.createTime,
    updateTime: revision.createTime,
    service: service.name,
    conditions: revision.conditions,
    observedGeneration: String(revision.generation),
    reconciling: revision.reconciling,
    logUri: `https://console.cloud.google.com/logs/viewer?resource=cloud_run_revision/service_name/${service.name}/revision_name/${revision.name}`,
  });
}

function revisionName(service: CloudRunService, revision: RevisionRecord): string {
  return `${service.fullName}/revisions/${revision.name}`;
}

/** As the vendor's JSON: a field that is false, zero, empty or unset is not there. */
export function pruned(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(value)) {
    const field = isRecord(one)
      ? pruned(one)
      : Array.isArray(one)
        ? one.map((item) => (isRecord(item) ? pruned(item) : item))
        : one;
    // An empty message still says that it was set: `tcpSocket: {}`.
    const empty = field === undefined || field === null || field === false || field === '' || field === 0;
    if (!empty && !(Array.isArray(field) && field.length === 0)) kept[name] = field;
  }
  return kept;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
