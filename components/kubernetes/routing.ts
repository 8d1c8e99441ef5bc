/** How requests come in: Gateway API, or an Ingress of class nginx. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { seconds } from "../shared/units.ts";
import { labelsOf } from "./labels.ts";
import { SHARES } from "./rollout.ts";
import { SERVICE_PORT } from "./service.ts";

export interface RoutingArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  domain: string;
  proxy: KubernetesSettings["proxy"];
  /** Secret of type kubernetes.io/tls with the certificate, of the same namespace. */
  certificate: pulumi.Input<string>;
  /** Public path prefixes by service. */
  routes: Record<string, string[]>;
  /** What has to be there before requests are sent to a service. */
  workloads: Record<string, pulumi.Resource>;
  /** Whether the services' traffic is shared out between two releases. */
  shared: boolean;
}

const GATEWAY_API = "gateway.networking.k8s.io/v1";
/** The Gateway, or the Ingress. */
export const GATEWAY = "site";
const ROUTED = 'jsonpath={.status.parents[0].conditions[?(@.type=="Accepted")].status}=True';
const CLASSES = { gateway: "traefik", ingress: "nginx" } as const;

export class Routing extends pulumi.ComponentResource {
  constructor(name: string, args: RoutingArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Routing", name, {}, opts);
    if (args.proxy.mode === "gateway") gateway(args, { parent: this });
    else ingress(args, { parent: this, dependsOn: Object.values(args.workloads) });
    this.registerOutputs({});
  }
}

function gateway(args: RoutingArgs, opts: pulumi.CustomResourceOptions): void {
  const { proxy, certificate } = args;
  const names = namesOf(args.domain);
  const listener = (name: string, hostname: string | undefined, more: object) => ({
    name,
    ...(hostname === undefined ? {} : { hostname }),
    ...more,
    allowedRoutes: { namespaces: { from: "Same" } },
  });
  const tls = { mode: "Terminate", certificateRefs: [{ group: "", kind: "Secret", name: certificate }] };
  const gate = new kubernetes.apiextensions.CustomResource(
    GATEWAY,
    {
      apiVersion: GATEWAY_API,
      kind: "Gateway",
      metadata: {
        ...metadataOf(args, GATEWAY),
        annotations: {
          // Pulumi knows nothing of these kinds, and would go on before the router does.
          "pulumi.com/waitFor": "condition=Accepted",
        },
      },
      spec: {
        gatewayClassName: proxy.class ?? CLASSES.gateway,
        listeners: [
          listener("http", undefined, { protocol: "HTTP", port: proxy.httpPort }),
          ...names.map((hostname, index) =>
            listener(index === 0 ? "https" : "https-www", hostname, {
              protocol: "HTTPS",
              port: proxy.httpsPort,
              tls,
            }),
          ),
        ],
      },
    },
    opts,
  );
  const at = (...sections: string[]) =>
    sections.map((sectionName) => ({
      group: "gateway.networking.k8s.io",
      kind: "Gateway",
      name: gate.metadata.name,
      sectionName,
    }));
  const redirect = (hostname?: string) => ({
    type: "RequestRedirect",
    requestRedirect: {
      scheme: "https",
      statusCode: 301,
      port: proxy.httpsPort,
      ...(hostname ? { hostname } : {}),
    },
  });
  route(
    args,
    "to-https",
    { parentRefs: at("http"), rules: [{ matches: [everything], filters: [redirect()] }] },
    opts,
  );
  if (names.length > 1) {
    const filters = [redirect(args.domain)];
    route(
      args,
      "from-www",
      { parentRefs: at("https-www"), rules: [{ matches: [everything], filters }] },
      opts,
    );
  }
  // One each: a route has 16 rules at most, and is there as soon as its service is.
  for (const [name, paths] of Object.entries(args.routes)) {
    if (paths.length === 0) continue;
    const rules = [ruleOf(args, name, paths)];
    route(
      args,
      `${GATEWAY}-${name}`,
      { parentRefs: at("https"), hostnames: [args.domain], rules },
      { ...opts, dependsOn: args.workloads[name] ?? [] },
    );
  }
}

const everything = { path: { type: "PathPrefix", value: "/" } };

/** `example.com` has `www.example.com` beside it; a name of a preview, or of one's own machine, has not. */
export function namesOf(domain: string): string[] {
  return domain.split(".").length === 2 ? [domain, `www.${domain}`] : [domain];
}

/** Gateway API chooses the longest match by itself; sorted, so that the same routes are always the same text. */
function ruleOf({ proxy, shared }: RoutingArgs, service: string, paths: readonly string[]) {
  const [group] = SHARES.apiVersion.split("/");
  return {
    matches: [...paths].sort().map((value) => ({ path: { type: "PathPrefix", value } })),
    backendRefs: [
      shared
        ? { group, kind: SHARES.kind, name: service, weight: 1 }
        : { group: "", kind: "Service", name: service, port: SERVICE_PORT, weight: 1 },
    ],
    timeouts: { request: proxy.timeout },
  };
}

function route(args: RoutingArgs, name: string, spec: object, opts: pulumi.CustomResourceOptions) {
  return new kubernetes.apiextensions.CustomResource(
    `route-${name}`,
    {
      apiVersion: GATEWAY_API,
      kind: "HTTPRoute",
      metadata: { ...metadataOf(args, name), annotations: { "pulumi.com/waitFor": ROUTED } },
      spec,
    },
    opts,
  );
}

/** The source document's own, for those who still run ingress-nginx. */
function ingress(args: RoutingArgs, opts: pulumi.CustomResourceOptions): void {
  const { proxy, domain } = args;
  const paths = Object.entries(args.routes).flatMap(([name, routes]) =>
    routes.map((path) => ({
      path,
      pathType: "Prefix",
      backend: { service: { name, port: { number: SERVICE_PORT } } },
    })),
  );
  const nginx = "nginx.ingress.kubernetes.io";
  new kubernetes.networking.v1.Ingress(
    GATEWAY,
    {
      metadata: {
        ...metadataOf(args, GATEWAY),
        annotations: {
          [`${nginx}/ssl-redirect`]: "true",
          [`${nginx}/limit-rps`]: "100",
          [`${nginx}/from-to-www-redirect`]: String(namesOf(domain).length > 1),
          [`${nginx}/proxy-body-size`]: proxy.bodyLimit.replace(/iB$/, "").toLowerCase(),
          [`${nginx}/proxy-read-timeout`]: String(seconds(proxy.timeout)),
          // Where no load balancer tells its address, waiting for one would never end.
          "pulumi.com/skipAwait": "true",
        },
      },
      spec: {
        ingressClassName: proxy.class ?? CLASSES.ingress,
        tls: [{ hosts: namesOf(domain), secretName: args.certificate }],
        rules: [{ host: domain, http: { paths: paths.sort((a, b) => (a.path < b.path ? 1 : -1)) } }],
      },
    },
    opts,
  );
}

function metadataOf({ owner, namespace }: RoutingArgs, name: string) {
  return { name, namespace, labels: labelsOf(owner, "routing") };
}
