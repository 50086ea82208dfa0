// Preloaded into every instance, so that none outlives an emulator that was killed: file descriptor 3 is a pipe whose other end
// only the emulator holds; when it closes, the emulator is gone. The image itself is not changed and needs to know nothing.
const { isMainThread } = require('node:worker_threads');

if (isMainThread) {
  // A process that the application forks has something else at descriptor 3 and must not inherit this preload.
  const own = process.execArgv.indexOf(__filename);
  if (own > 0) process.execArgv.splice(own - 1, 2);

  const { Socket } = require('node:net');
  const emulator = new Socket({ fd: 3, readable: true, writable: false });
  emulator.on('close', () => process.kill(process.pid, 'SIGKILL'));
  emulator.on('error', () => {});
  emulator.resume();
  emulator.unref();
}
