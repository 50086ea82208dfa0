// Google's own messages, from the copy of google-protobuf that Pulumi loads: its serializers accept those and no others.
import { createRequire } from 'node:module';
import type AnyProto from 'google-protobuf/google/protobuf/any_pb.js';
import type EmptyProto from 'google-protobuf/google/protobuf/empty_pb.js';
import type StructProto from 'google-protobuf/google/protobuf/struct_pb.js';

const pulumi = createRequire(createRequire(import.meta.url).resolve('@pulumi/pulumi/package.json'));

export const { Any }: typeof AnyProto = pulumi('google-protobuf/google/protobuf/any_pb.js');
export const { Empty }: typeof EmptyProto = pulumi('google-protobuf/google/protobuf/empty_pb.js');
export const { Struct }: typeof StructProto = pulumi('google-protobuf/google/protobuf/struct_pb.js');
