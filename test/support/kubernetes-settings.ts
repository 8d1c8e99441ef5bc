/** Settings of a stack on a cluster, to test with. */
import type { Config } from "./settings.ts";

export function goodKubernetes(): Config {
  return {
    target: "kubernetes",
    environment: { kind: "production" },
    cluster: { kubeconfig: "test/support/kubeconfig.yaml" },
    domain: "example.com",
    certificates: { issuer: "cert-manager", clusterIssuer: "letsencrypt-prod" },
    services: {
      web: {
        image: "ghcr.io/myorg/web",
        port: 3000,
        routes: ["/"],
        replicas: 3,
        autoscale: { maxReplicas: 10 },
        health: { path: "/api/health" },
        environment: { API_INTERNAL_URL: "http://api" },
      },
      api: {
        image: "ghcr.io/myorg/api",
        port: 8000,
        routes: ["/api", "/health"],
        uses: ["database", "cache"],
        secrets: ["SECRET_KEY"],
        migrate: ["python", "-m", "alembic", "upgrade", "head"],
        metrics: "/metrics",
      },
      worker: {
        image: "ghcr.io/myorg/api",
        replicas: 1,
        uses: ["database"],
        command: ["python", "-m", "worker"],
        health: { command: ["true"] },
      },
    },
    release: { version: "v1.0.0" },
    secrets: { SECRET_KEY: "a-secret-that-is-long-enough" },
  };
}

/** The same, delivered by canary. */
export function canaried(): Config {
  const delivery = { strategy: "canary", analysis: { prometheus: "http://prometheus.monitoring:9090" } };
  return { ...goodKubernetes(), delivery };
}
