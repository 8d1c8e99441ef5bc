/** What a small team writes by hand: a Compose file of the sample application behind nginx, which asks Docker's DNS. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Ran, type RunOptions, run } from "../test/support/e2e-command.ts";

export interface HandWrittenArgs {
  /** Gets the files; removed by whoever made it. */
  readonly folder: string;
  readonly project: string;
  readonly httpsPort: number;
  /** The stack's own images, by name. */
  readonly images: Readonly<Record<"nginx" | "postgres" | "redis" | "certbot", string>>;
  readonly imageOf: (service: "web" | "api", version: string) => string;
  /** Compose's executable, and docker-rollout's script. */
  readonly plugins: Readonly<Record<"docker-compose" | "docker-rollout", string>>;
}

export class HandWritten {
  readonly #args: HandWrittenArgs;

  constructor(args: HandWrittenArgs) {
    this.#args = args;
    const { folder, plugins } = args;
    mkdirSync(join(folder, "docker", "cli-plugins"), { recursive: true });
    for (const [name, path] of Object.entries(plugins)) {
      chmodSync(path, 0o755);
      symlinkSync(path, join(folder, "docker", "cli-plugins", name));
    }
    mkdirSync(join(folder, "tls"));
    writeFileSync(join(folder, "nginx.conf"), NGINX);
    writeFileSync(join(folder, "compose.json"), JSON.stringify(this.#model("v0"), null, 2));
  }

  /** The file for one version. docker-rollout and Compose both read it anew. */
  write(version: string): void {
    writeFileSync(join(this.#args.folder, "compose.json"), JSON.stringify(this.#model(version), null, 2));
  }

  /** `docker compose …` or `docker rollout …` on the file. */
  docker(...args: string[]): Promise<Ran> {
    const { folder, project } = this.#args;
    const env = {
      DOCKER_CONFIG: join(folder, "docker"),
      COMPOSE_FILE: join(folder, "compose.json"),
      COMPOSE_PROJECT_NAME: project,
    };
    const options: RunOptions = { cwd: folder, env };
    return run("docker", args, options);
  }

  /** A certificate, as one would have it from certbot. */
  async sign(): Promise<Ran> {
    const { folder, images } = this.#args;
    const openssl = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
    const out = ["-keyout", "/tls/key.pem", "-out", "/tls/chain.pem"];
    const mount = ["--volume", `${join(folder, "tls")}:/tls`];
    const all = ["run", "--rm", ...mount, "--entrypoint", "openssl", images.certbot, ...openssl, ...out];
    return run("docker", all, { cwd: folder });
  }

  #model(version: string): object {
    const { folder, images, imageOf, httpsPort } = this.#args;
    const limits = { mem_limit: "1g", cpus: 1, restart: "unless-stopped", stop_grace_period: "40s" };
    const health = (...test: string[]) => ({
      test: ["CMD", ...test],
      interval: "5s",
      timeout: "3s",
      start_period: "30s",
      retries: 3,
    });
    return {
      services: {
        nginx: {
          image: images.nginx,
          restart: "unless-stopped",
          ports: [`${httpsPort}:443`],
          volumes: [`${folder}/nginx.conf:/etc/nginx/nginx.conf:ro`, `${folder}/tls:/etc/nginx/tls:ro`],
        },
        web: {
          image: imageOf("web", version),
          ...limits,
          scale: 2,
          environment: { API_INTERNAL_URL: "http://api:8000", RELEASE: version },
          healthcheck: health("node", "/app/healthcheck.js"),
        },
        api: {
          image: imageOf("api", version),
          ...limits,
          scale: 2,
          environment: {
            DATABASE_URL: "postgresql://app:bench@postgres:5432/app",
            REDIS_URL: "redis://redis:6379/0",
            SECRET_KEY: "only-for-this-bench",
            RELEASE: version,
          },
          healthcheck: health("python", "-m", "app.healthcheck"),
        },
        postgres: {
          image: images.postgres,
          environment: { POSTGRES_USER: "app", POSTGRES_PASSWORD: "bench", POSTGRES_DB: "app" },
        },
        redis: { image: images.redis, command: ["redis-server", "--appendonly", "yes"] },
      },
    };
  }
}

/** Docker's DNS is asked every second; a request whose server does not answer goes to the next. */
const NGINX = `worker_processes auto;
events { worker_connections 4096; }
http {
  access_log off;
  resolver 127.0.0.11 valid=1s ipv6=off;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_connect_timeout 2s;
  server {
    listen 443 ssl;
    ssl_certificate /etc/nginx/tls/chain.pem;
    ssl_certificate_key /etc/nginx/tls/key.pem;
    set $web http://web:3000;
    set $api http://api:8000;
    location / { proxy_pass $web; }
    location /api/web/ { proxy_pass $web; }
    location /api/ { proxy_pass $api; }
  }
}
`;
