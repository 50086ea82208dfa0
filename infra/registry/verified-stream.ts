// Bytes that pass only if they are the ones a digest names: hashed and counted on the way, refused at the end or as soon as there are too many.
import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { DeliveryError } from '../contract/errors.ts';
import { type Descriptor, requireDigest } from './oci.ts';

/** What has passed is only to be believed once the stream has ended well. */
export function verified(what: string, expected: Pick<Descriptor, 'digest' | 'size'>): Transform {
  const hash = createHash('sha256');
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      hash.update(chunk);
      if (size <= expected.size) return done(null, chunk);
      done(
        new DeliveryError(
          'digest-mismatch',
          `${what}: expected ${expected.size} bytes of ${expected.digest}; found more`,
        ),
      );
    },
    flush(done) {
      try {
        requireDigest(what, expected.digest, `sha256:${hash.digest('hex')}`);
        done();
      } catch (cause) {
        done(cause as DeliveryError);
      }
    },
  });
}
