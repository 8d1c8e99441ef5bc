/** Settings of stacks at AWS, to test with. */
import type { Config } from "./settings.ts";

const registry = "123456789012.dkr.ecr.eu-central-1.amazonaws.com";

/** The sample application. */
export function goodAws(): Config {
  return {
    target: "aws",
    environment: { kind: "production" },
    region: "eu-central-1",
    domain: "shop.example.com",
    dns: { zone: "example.com" },
    release: { version: "v1" },
    services: {
      web: {
        image: `${registry}/shop/web`,
        port: 3000,
        routes: ["/", "/api/web"],
        memory: "512MiB",
        health: { path: "/api/health" },
        assets: { path: "/_next/static", folder: "/app/.next/static" },
        environment: { API_URL: "" },
      },
      api: {
        image: `${registry}/shop/api`,
        port: 8000,
        routes: ["/api", "/health"],
        uses: ["database"],
        secrets: ["SECRET_KEY"],
        migrate: ["python", "-m", "alembic", "upgrade", "head"],
        lambda: { command: ["python", "-m", "awslambdaric", "app.lambda_handler.handler"] },
      },
    },
    database: { instanceClass: "db.t4g.small", storage: "50GiB" },
    alarms: { emails: ["ops@example.com"], webhook: "SLACK_WEBHOOK" },
    secrets: {
      SECRET_KEY: "a-secret-that-is-long-enough",
      SLACK_WEBHOOK: "https://hooks.slack.com/services/T0/B0/marker",
    },
  };
}

/** A preview environment of it that uses staging's network and database instance. */
export function goodAwsShared(): Config {
  const own = Object.entries(goodAws()).filter(([key]) => key !== "database" && key !== "alarms");
  return {
    ...Object.fromEntries(own),
    environment: { kind: "preview", expiresAt: "2026-12-24T00:00:00Z", pullRequest: 42 },
    domain: "pr-42.shop.example.com",
    shared: { stack: "staging" },
  };
}

/** The same, with backups and everything that can be said of them. */
export function withAwsBackup(): Config {
  const good = goodAws();
  return {
    ...good,
    backup: { schedule: "0 3 * * *", drill: "0 5 * * 0", ping: "PING_URL" },
    secrets: { ...(good.secrets as object), PING_URL: "https://ping.example.com/uuid" },
  };
}

/** The same with its web on Vercel. */
export function goodVercel(): Config {
  const aws = goodAws();
  const { api } = aws.services as Record<string, unknown>;
  return {
    ...aws,
    services: { api },
    web: {
      on: "vercel",
      repository: "myorg/shop",
      root: "apps/web",
      team: "myorg",
      routes: ["/api/web"],
      environment: { NEXT_PUBLIC_TITLE: "Shop" },
      secrets: ["SENTRY_DSN"],
    },
    secrets: { ...(aws.secrets as object), SENTRY_DSN: "a-dsn-that-nobody-knows" },
  };
}

export function goodAccount(): Config {
  return {
    target: "account",
    environment: { kind: "production" },
    region: "eu-central-1",
    repositories: ["shop/web", "shop/api"],
    github: { repository: "myorg/shop", environments: ["staging", "production"] },
    budget: { monthlyUsd: 300, emails: ["ops@example.com"] },
  };
}
