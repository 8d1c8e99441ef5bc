/** nginx: the only container that publishes ports. A release never replaces it; it is switched. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { ASSETS_FOLDER } from "./assets.ts";
import { REPLACED_BY, type Watched, containerArgs, scriptEntrypoint } from "./container.ts";
import { PROXY_PORTS } from "./nginx/configuration.ts";
import { dataVolume } from "./volume.ts";

export interface ProxyArgs {
  owner: Owner;
  /** Image; anything that behaves as nginx:1.28-alpine does. */
  image: string;
  /** Published port that redirects to HTTPS. Changing it replaces nginx: an outage of seconds. */
  httpPort: number;
  /** Published port of the application. Changing it replaces nginx: an outage of seconds. */
  httpsPort: number;
  /** The network of an edge, which then has the two ports, and what it finds this proxy by. @default the ports are published here */
  edge?: { network: string; aliases: string[] };
  /** Docker network of the services; the container answers there as `proxy`. */
  network: pulumi.Input<string>;
  /** Docker name of the volume with the certificate. */
  certificates: pulumi.Input<string>;
  /** Docker name of the volume that answers the issuer's challenges. */
  webroot: pulumi.Input<string>;
}

export class Proxy extends pulumi.ComponentResource {
  static readonly host = "proxy";

  /** Docker name of the volume through which the switch tells nginx what to serve. */
  readonly configuration: pulumi.Output<string>;
  /** Docker name of the volume with the static files that nginx serves itself. */
  readonly assets: pulumi.Output<string>;
  /** What runs. */
  readonly watched: Watched[];

  constructor(name: string, args: ProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Proxy", name, {}, opts);
    const configuration = dataVolume(args.owner, `${name}-configuration`, { parent: this });

    const assets = dataVolume(args.owner, "assets", { parent: this });

    const container = new docker.Container(
      name,
      {
        // The master process starts workers as the user `nginx` and hands them its temporary folders.
        ...containerArgs(args.owner, name, {
          cpu: 2,
          memory: "256MiB",
          user: "0:0",
          capabilities: ["CAP_CHOWN", "CAP_SETGID", "CAP_SETUID"],
          writable: ["/run"],
          stopSeconds: 45,
        }),
        image: args.image,
        entrypoints: scriptEntrypoint("nginx/watch.sh"),
        volumes: [
          { volumeName: configuration.name, containerPath: "/conf" },
          { volumeName: args.certificates, containerPath: "/etc/nginx/ssl", readOnly: true },
          { volumeName: assets.name, containerPath: ASSETS_FOLDER, readOnly: true },
          { volumeName: args.webroot, containerPath: "/var/www/certbot", readOnly: true },
        ],
        ports: args.edge
          ? []
          : [
              { internal: PROXY_PORTS.http, external: args.httpPort },
              { internal: PROXY_PORTS.https, external: args.httpsPort },
            ],
        networksAdvanced: [
          { name: args.network, aliases: [Proxy.host] },
          ...(args.edge ? [{ name: args.edge.network, aliases: args.edge.aliases }] : []),
        ],
        healthcheck: {
          tests: [
            "CMD",
            "curl",
            "-fsS",
            "-m",
            "2",
            "-o",
            "/dev/null",
            `http://127.0.0.1:${PROXY_PORTS.control}/__release`,
          ],
          interval: "5s",
          timeout: "3s",
          startPeriod: "0s",
          retries: 3,
        },
      },
      { parent: this, deleteBeforeReplace: true, replaceOnChanges: REPLACED_BY },
    );

    this.configuration = configuration.name;
    this.assets = assets.name;
    this.watched = [{ resource: name, id: container.id }];
    this.registerOutputs({ configuration: this.configuration });
  }
}
