/**
 * The edge of a machine that carries several stacks: one nginx with the ports, which leads what comes for a host name to
 * the proxy of that name. Proxies and edge meet in a network of their own.
 */
import { readFileSync } from "node:fs";

/** Ports of the edge's container. */
export const EDGE_PORTS = { http: 8080, https: 8443 } as const;

/** Names under which the edge finds a proxy: a domain of no DNS, so that no name leads out of the network. */
export function edgeAliases(hosts: readonly string[]): string[] {
  return hosts.filter((host) => !host.startsWith("*.")).map((host) => `${host}.invalid`);
}

/** What the edge's container runs. Debian's nginx has the module for TLS in a file, the official image in itself. */
export function edgeScript(): string {
  const configuration = readFileSync(new URL("nginx/edge.conf", import.meta.url), "utf8");
  return [
    "set -e",
    "module=/usr/lib/nginx/modules/ngx_stream_module.so",
    'if [ -e "$module" ]; then echo "load_module $module;" > /tmp/edge.conf; else : > /tmp/edge.conf; fi',
    `cat >> /tmp/edge.conf <<'CONFIGURATION'\n${configuration}\nCONFIGURATION`,
    "exec nginx -c /tmp/edge.conf -g 'daemon off;'",
  ].join("\n");
}
