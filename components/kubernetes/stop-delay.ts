/**
 * Seconds that a pod which is told to end goes on taking requests: kube-proxy and the router need a moment to hear of it.
 * Measured with Traefik: none fails with 5 s, 55 of 24,126 with 2 s (docs/decisions.md).
 */
export const STOP_DELAY_SECONDS = 5;
