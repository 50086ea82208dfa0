// Loaded into the service under a soak (`node --expose-gc --import bench/soak/measure.ts …`): says now and then what it holds once everything
// unused is collected. Resident memory alone says little in minutes: V8 lets its heap grow while there is room.
const everyMs = 400;

setInterval(() => {
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ message: 'memory', live: heapUsed + external, resident: rss })}\n`);
}, everyMs).unref();
