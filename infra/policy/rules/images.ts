// Which image a runtime is told to run: by digest, which never moves, wherever a resource names one.
import { expects, type Finding, type Judged, type Rule } from '../rule.ts';
import { at, entries, isFields, parsedJson, unknown, type Value } from '../value.ts';

export const imageByDigest: Rule = {
  enforcement: 'mandatory',
  reason: 'A tag can be moved between the approval and the pull: what runs is named by its digest.',
  pages: [
    'https://docs.aws.amazon.com/apprunner/latest/api/API_ImageRepository.html',
    'https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExpressGatewayContainer.html',
    'https://cloud.google.com/run/docs/deploying#images',
    'https://learn.microsoft.com/azure/app-service/configure-custom-container',
  ],
  mend: 'name the image as host/name@sha256:<64 hex digits>; a release manifest has it',
  resource: (one) => (one.type in imagesIn ? (imagesIn[one.type]?.(one) ?? []) : []),
};

const byDigest = 'host/name@sha256:<digest>';
const digest = /^[^@\s|]+@sha256:[0-9a-f]{64}$/;

function image(inputs: Value, path: string): readonly Finding[] {
  return expects(inputs, path, byDigest, (value) => typeof value === 'string' && digest.test(value));
}

/** `DOCKER|host/name@sha256:…`, the one form in which App Service takes an image by digest. */
function linuxImage({ inputs }: Judged): readonly Finding[] {
  return expects(
    inputs,
    'siteConfig.linuxFxVersion',
    `DOCKER|${byDigest}`,
    (value) => typeof value === 'string' && value.startsWith('DOCKER|') && digest.test(value.slice('DOCKER|'.length)),
  );
}

function containersAt(path: string): (one: Judged) => readonly Finding[] {
  return ({ inputs }) => {
    const found = entries(inputs, path);
    return found.length === 0
      ? [{ path, expected: 'a container', found: 'nothing' }]
      : found.flatMap((container) => image(inputs, `${container.path}.image`));
  };
}

const imagesIn: Readonly<Record<string, (one: Judged) => readonly Finding[]>> = {
  'aws:apprunner/service:Service': ({ inputs }) => image(inputs, 'sourceConfiguration.imageRepository.imageIdentifier'),
  'aws:ecs/expressGatewayService:ExpressGatewayService': ({ inputs }) => image(inputs, 'primaryContainer.image'),
  'aws:ecs/taskDefinition:TaskDefinition': ({ inputs }) => {
    const path = 'containerDefinitions';
    const containers = parsedJson(at(inputs, path));
    if (containers === unknown) return image(inputs, path);
    if (!Array.isArray(containers)) return [{ path, expected: 'a list of containers', found: 'something else' }];
    return containers.flatMap((one: Value, index) =>
      image(isFields(one) ? one : {}, 'image').map((finding) => ({ ...finding, path: `${path}.${index}.image` })),
    );
  },
  'gcp:cloudrunv2/service:Service': containersAt('template.containers'),
  'gcp:cloudrunv2/job:Job': containersAt('template.template.containers'),
  'azure-native:web:WebApp': linuxImage,
  'azure-native:web:WebAppSlot': linuxImage,
};
