// node healthcheck.js [path]: exits with 0 if this container answers with 200, else with 1 and the reason.
const path = process.argv[2] ?? "/api/health";
const url = `http://127.0.0.1:${process.env.PORT || 3000}${path}`;
try {
  const response = await fetch(url, { signal: AbortSignal.timeout(4000) });
  if (response.status !== 200) throw new Error(`${response.status} ${(await response.text()).slice(0, 500)}`);
} catch (error) {
  console.error(`${path}: ${error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
