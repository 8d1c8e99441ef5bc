/** nginx's configuration of one release, as text. The upstreams themselves are written by watch.sh. */
import type { VpsSettings } from "../../settings.ts";
import { ASSETS_FOLDER } from "../assets.ts";
import { hiddenMetrics } from "./hidden-metrics.ts";
import { mebibytes, seconds } from "../../shared/units.ts";

/** Ports inside the proxy's container. */
export const PROXY_PORTS = {
  http: 8080,
  https: 8443,
  control: 8081,
  internal: 8000,
  handover: 8002,
} as const;

/** What people see during maintenance. Nothing in it means anything to nginx. */
const MAINTENANCE_PAGE =
  "<!doctype html><meta charset=utf-8><meta name=viewport content='width=device-width'><title>Maintenance</title>" +
  "<h1>Back soon</h1><p>This site is being worked on. Please try again in a few minutes.</p>";

/**
 * A connection that was idle at a reload has its next request answered by an old worker, whose containers are being
 * stopped. It hands that over to the new ones.
 */
const HANDOVER = `    set $handover "";
    if (!-f $serving_marker) { set $handover "_handover"; }`;

export interface ConfigurationArgs {
  /** What nginx answers as its release. */
  releaseId: string;
  domain: string;
  /** Host names that are served as the domain is. */
  names: string[];
  proxy: VpsSettings["proxy"];
  /** Routes of each service that has a port. */
  routes: Record<string, string[]>;
  /** Path of each service's metrics, for those that have some. */
  metrics: Record<string, string>;
  /** Public path of each service's static files, for those that have some. */
  assets: Record<string, string>;
  /** Whether browsers may be told to insist on HTTPS: only with a certificate that they trust. */
  trustedCertificate: boolean;
  /** Longest time that old workers wait for their connections after a reload, in seconds. */
  drainSeconds: number;
}

export function nginxConfiguration(args: ConfigurationArgs): string {
  const { releaseId, domain, proxy } = args;
  const hosts = [domain, ...args.names].join(" ");
  const secure = args.trustedCertificate
    ? '\n    add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;'
    : "";
  const redirectPort = proxy.httpsPort === 443 ? "" : `:${proxy.httpsPort}`;
  return `user nginx;
worker_processes auto;
pid /run/tristack/nginx.pid;
error_log stderr warn;
worker_shutdown_timeout ${args.drainSeconds}s;
events { worker_connections 4096; }
http {
  # Without them a script is plain text, and no browser runs it.
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  log_format access escape=json '{"time":"$time_iso8601","method":"$request_method","path":"$uri","status":$status,'
    '"seconds":$request_time,"bytes":$bytes_sent,"upstream":"$upstream_addr","client":"$remote_addr",'
    '"release":"${releaseId}"}';
  access_log /dev/stdout access;
  server_tokens off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  client_max_body_size ${mebibytes(proxy.bodyLimit)}m;
  keepalive_timeout 65s;
  keepalive_requests 1000000;
  # A reload closes idle connections at once, and a client that is just sending then gets a reset.
  keepalive_min_timeout 10s;
  gzip on;
  gzip_proxied any;
  gzip_vary on;
  gzip_min_length 1024;
  gzip_types text/plain text/css text/xml application/json application/javascript text/javascript application/xml image/svg+xml;

  proxy_http_version 1.1;
${forwardedHeaders("  ", {
  address: "$remote_addr",
  chain: "$proxy_add_x_forwarded_for",
  scheme: "$scheme",
  host: "$http_host",
})}
  proxy_connect_timeout 2s;
  proxy_read_timeout ${seconds(proxy.timeout)}s;
  proxy_send_timeout ${seconds(proxy.timeout)}s;
  proxy_next_upstream error timeout;
  # From 1.29.7 on nginx would keep connections to services: a POST on one that is just being closed is lost.
  map $http_upgrade $connection_upgrade { default upgrade; "" close; }
  # Of files that nginx serves itself: what a service answers has its own.
  map "$upstream_addr$status" $cache { default ""; 200 "public, max-age=31536000, immutable"; }

  # Upstreams, and $serving_marker: a file that is there while these workers serve.
  include upstreams.conf;

  server {
    listen ${PROXY_PORTS.http} default_server;
    server_name ${hosts};
    location /.well-known/acme-challenge/ { root /var/www/certbot; default_type text/plain; }
    location / { return 301 https://$host${redirectPort}$request_uri; }
  }

  server {
    listen ${PROXY_PORTS.https} ssl default_server;
    http2 on;
    server_name ${hosts};
    ssl_certificate /etc/nginx/ssl/serving/${domain}/fullchain.pem;
    ssl_certificate_key /etc/nginx/ssl/serving/${domain}/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:10m;
    ssl_session_tickets off;
    add_header X-Content-Type-Options nosniff always;
    add_header X-Frame-Options SAMEORIGIN always;
    add_header Referrer-Policy strict-origin-when-cross-origin always;
    add_header Permissions-Policy "camera=(), geolocation=(), microphone=()" always;${secure}
    add_header X-Tristack-Release ${releaseId} always;
    add_header Cache-Control $cache;
${HANDOVER}
${assetLocations(args.assets)}
    # "tristack maintenance on" makes the file; nginx looks for it at every request, so that nothing is reloaded.
    if (-f /conf/maintenance) { return 503; }
    error_page 503 @maintenance;
    location @maintenance {
      default_type text/html;
      add_header Retry-After 60 always;
      add_header Cache-Control no-store always;
      return 503 "${MAINTENANCE_PAGE}";
    }
${[...hiddenMetrics(args), locations(args.routes)].join("\n")}
  }

  # For the services themselves: one address per stack that always leads to the release that serves.
  server {
    listen ${PROXY_PORTS.internal} default_server;
${HANDOVER}
${locations(args.routes)}
  }

  # For old workers, see HANDOVER. Who accepts here is a new worker, whose upstreams do not lead here again.
  server {
    listen 127.0.0.1:${PROXY_PORTS.handover};
    access_log off;
${forwardedHeaders("    ", {
  address: "$http_x_real_ip",
  chain: "$http_x_forwarded_for",
  scheme: "$http_x_forwarded_proto",
  host: "$http_x_forwarded_host",
})}
${locations(args.routes, "_direct")}
  }

  server {
    listen ${PROXY_PORTS.control};
    access_log off;
    location = /__release { default_type text/plain; return 200 "${releaseId}\\n"; }
  }
}
`;
}

/** What a service is told of the visitor. A server with one such header inherits none of them, hence all in one place. */
function forwardedHeaders(
  indent: string,
  visitor: { address: string; chain: string; scheme: string; host: string },
): string {
  const headers = {
    Host: "$http_host",
    "X-Real-IP": visitor.address,
    "X-Forwarded-For": visitor.chain,
    "X-Forwarded-Proto": visitor.scheme,
    "X-Forwarded-Host": visitor.host,
    Upgrade: "$http_upgrade",
    Connection: "$connection_upgrade",
  };
  return Object.entries(headers)
    .map(([name, value]) => `${indent}proxy_set_header ${name} ${value};`)
    .join("\n");
}

/** The files of the last releases, and behind them the service. A location with headers inherits none: hence the map. */
function assetLocations(assets: Record<string, string>): string {
  return Object.entries(assets)
    .map(
      ([service, path]) =>
        `    location ^~ ${path}/ { root ${ASSETS_FOLDER}/${service}; disable_symlinks on; try_files $uri @${service}_assets; }\n` +
        `    location @${service}_assets { proxy_pass http://${service}$handover; }`,
    )
    .join("\n");
}

/** A route matches whole path segments: `/api` takes /api and /api/items, never /apix. */
function locations(routes: Record<string, string[]>, upstreamSuffix = "$handover"): string {
  const blocks = Object.entries(routes).flatMap(([service, paths]) =>
    paths.flatMap((path) => {
      const bare = path.replace(/\/+$/, "");
      const places = bare === "" ? ["/"] : [`= ${bare}`, `${bare}/`];
      return places.map(
        (place) => `    location ${place} { proxy_pass http://${service}${upstreamSuffix}; }`,
      );
    }),
  );
  const hasHealth = Object.values(routes)
    .flat()
    .some((path) => path.replace(/\/+$/, "") === "/health");
  const health = `    location = /health { default_type text/plain; return 200 "ok\\n"; }`;
  return [...blocks, ...(hasHealth ? [] : [health])].join("\n");
}
