// S3 as Pulumi's `aws` provider shows it: buckets, and the settings that are resources of their own.
import { type Properties, text } from '../engine/property.ts';
import { CloudRefusal, type InputFault, type ResourceModel } from '../engine/resource-model.ts';
import type { AwsAccount } from './aws-account.ts';
import { documentFaults, withDocument } from './aws-documents.ts';
import { oneOf, pattern } from './input-rule.ts';
import { storedResource } from './stored-resource.ts';

export function bucket(account: AwsAccount): ResourceModel {
  return storedResource({
    module: 's3/bucket',
    shelf: account.buckets,
    naming: { property: 'bucket', style: 'dashed' },
    replaceOnChanges: ['bucket', 'bucketPrefix', 'bucketNamespace', 'objectLockEnabled', 'region'],
    computed: ['region'],
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    validate: (inputs) =>
      pattern(
        inputs,
        'bucket',
        /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z\d][a-z\d.-]{1,61}[a-z\d]$/,
      ),
    idOf: (inputs) => text(inputs, 'bucket') ?? '',
    alreadyExists: (id) =>
      `creating S3 Bucket (${id}): operation error S3: CreateBucket, https response error StatusCode: 409, BucketAlreadyOwnedByYou: Your previous request to create the named bucket succeeded and you already own it.`,
    create(inputs, context, id) {
      const region = account.region(inputs, context);
      return {
        arn: `arn:aws:s3:::${id}`,
        bucketDomainName: `${id}.s3.amazonaws.com`,
        bucketRegionalDomainName: `${id}.s3.${region}.amazonaws.com`,
        bucketRegion: region,
        hostedZoneId: 'Z1BKCTXD74EZPE',
      };
    },
    derive: (inputs, context) => account.derive(inputs, context),
  });
}

const settings = {
  's3/bucketVersioning': (inputs) =>
    oneOf(inputs, 'versioningConfiguration.status', ['Enabled', 'Suspended', 'Disabled']),
  's3/bucketServerSideEncryptionConfiguration': (inputs) =>
    oneOf(inputs, 'rules.0.applyServerSideEncryptionByDefault.sseAlgorithm', ['AES256', 'aws:kms', 'aws:kms:dsse']),
  's3/bucketPublicAccessBlock': () => [],
  's3/bucketPolicy': (inputs) => documentFaults(inputs, 'policy'),
  's3/bucketLifecycleConfiguration': (inputs) => [
    ...oneOf(inputs, 'rules.0.status', ['Enabled', 'Disabled']),
    ...pattern(inputs, 'rules.0.id', /^.{1,255}$/),
  ],
} satisfies Record<string, (inputs: Properties) => readonly InputFault[]>;

/** Each put over what was there before: a bucket has one of each. */
export function bucketSetting(module: keyof typeof settings): (account: AwsAccount) => ResourceModel {
  return (account) =>
    storedResource({
      module,
      shelf: account.shelf(module),
      replaceOnChanges: ['bucket', 'expectedBucketOwner', 'region'],
      computed: ['region'],
      normalize: (inputs) => withDocument(inputs, 'policy'),
      validate: settings[module],
      idOf: (inputs) => text(inputs, 'bucket') ?? '',
      alreadyExists: () => undefined,
      create(_inputs, _context, id) {
        if (account.buckets.get(id) !== undefined) return {};
        throw new CloudRefusal(
          `https response error StatusCode: 404, NoSuchBucket: The specified bucket does not exist`,
        );
      },
      derive: (inputs, context) => ({ region: account.region(inputs, context) }),
    });
}
