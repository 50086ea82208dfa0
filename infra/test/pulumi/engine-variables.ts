// What the engine is told by its environment in tests: state and home in the test's own folder, and no plugin but those attached.

/** @param backend default: the folder's `state`. */
export function engineVariables(
  directory: string,
  debugProviders: string,
  backend = `file://${directory}/state`,
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    PULUMI_BACKEND_URL: backend,
    PULUMI_HOME: `${directory}/home`,
    PULUMI_CONFIG_PASSPHRASE: 'for tests',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    PULUMI_DEBUG_PROVIDERS: debugProviders,
  };
}
