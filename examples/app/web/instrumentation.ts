/** Run by Next once in each server process, before the first request. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { settings } = await import("./lib/settings.ts");
  const { sentryDsn, release, environment } = settings();
  if (sentryDsn === undefined) return;
  const [Sentry, { onShutdown }] = await Promise.all([import("@sentry/node"), import("./lib/shutdown.ts")]);
  Sentry.init({ dsn: sentryDsn, release, environment });
  onShutdown(() => Sentry.close(1000));
}

/** An error that a page or a route threw. */
export async function onRequestError(error: unknown): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs") return;
  const { settings } = await import("./lib/settings.ts");
  if (settings().sentryDsn === undefined) return;
  const Sentry = await import("@sentry/node");
  Sentry.captureException(error);
}
