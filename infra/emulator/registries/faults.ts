// The one lie an emulated registry can be told to tell: a layer that is not what its digest says.
import { Transform } from 'node:stream';

/** Changes the last byte of the first piece that passes. */
export function alterOneByte(): Transform {
  let altered = false;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const bytes = altered ? chunk : Buffer.from(chunk);
      if (!altered) bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      altered = true;
      done(null, bytes);
    },
  });
}
