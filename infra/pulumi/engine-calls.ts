// Calls to an engine that is gone: Pulumi's runtime lets their failures end as unhandled rejections, after the run itself was reported.

let installed = false;

/**
 * When the CLI ends while the program still registers resources (an interrupted update, a killed CLI), those calls fail with nobody waiting
 * for them, which by default ends this process. Any other unhandled rejection still does.
 */
export function ignoreDroppedEngineCalls(): void {
  if (installed) return;
  installed = true;
  process.on('unhandledRejection', (reason) => {
    if (!isDroppedCall(reason)) throw reason;
  });
}

/** gRPC's `CANCELLED` and `UNAVAILABLE`: https://grpc.io/docs/guides/status-codes/ */
export function isDroppedCall(reason: unknown): boolean {
  return (
    reason instanceof Error &&
    'code' in reason &&
    (reason.code === 1 || reason.code === 14) &&
    'details' in reason &&
    'metadata' in reason
  );
}
