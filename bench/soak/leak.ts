// A planted leak, for proof that a soak would find one: `node --import bench/soak/leak.ts …` keeps two kilobytes of each request for ever.
import { subscribe } from 'node:diagnostics_channel';

const kept: Buffer[] = [];
subscribe('http.server.request.start', () => kept.push(Buffer.alloc(2048, 1)));
