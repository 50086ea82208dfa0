// How a provider's errors reach the engine: a gRPC status with a message, and for a half-made resource the details the engine records.

import { Metadata, type ServerErrorResponse, status } from '@grpc/grpc-js';
import provider from '@pulumi/pulumi/proto/provider_pb.js';
import statuses from '@pulumi/pulumi/proto/status_pb.js';
import { toStruct } from './property.ts';
import { Any } from './protobuf.ts';
import { HalfMadeResource } from './resource-model.ts';

export function serviceError(error: unknown): ServerErrorResponse {
  const cause = error instanceof Error ? error : new Error(String(error));
  const response: ServerErrorResponse = {
    name: cause.name,
    message: cause.message,
    details: cause.message,
    code: status.UNKNOWN,
  };
  return cause instanceof HalfMadeResource ? { ...response, metadata: detailsOf(cause) } : response;
}

/** The structured part travels in this one trailer: https://grpc.io/docs/guides/error/ ("richer error model"). */
function detailsOf(error: HalfMadeResource): Metadata {
  const failure = new provider.ErrorResourceInitFailed()
    .setId(error.id)
    .setProperties(toStruct(error.outputs))
    .setReasonsList([error.message]);
  const detail = new Any();
  detail.pack(failure.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const rich = new statuses.Status().setCode(status.UNKNOWN).setMessage(error.message).setDetailsList([detail]);
  const metadata = new Metadata();
  metadata.add('grpc-status-details-bin', Buffer.from(rich.serializeBinary()));
  return metadata;
}
