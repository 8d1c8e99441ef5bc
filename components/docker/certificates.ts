/** The certificate that nginx serves: signed by ourselves, or by Let's Encrypt and renewed every 12 hours. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { VpsSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { type Watched, containerArgs, scriptEntrypoint } from "./container.ts";
import { dataVolume } from "./volume.ts";

export interface CertificatesArgs {
  owner: Owner;
  /** Image with certbot and openssl. */
  image: string;
  /** Host name that the certificate is for. */
  domain: string;
  issuer: VpsSettings["certificates"];
  /** Docker network with a way to the internet. */
  network: pulumi.Input<string>;
  /** Whether the volume with keys and account refuses to be deleted. */
  protect: boolean;
}

export class Certificates extends pulumi.ComponentResource {
  /** Docker name of the volume with the certificate, which nginx reads. */
  readonly volume: pulumi.Output<string>;
  /** Docker name of the volume that answers the issuer's challenges through nginx. */
  readonly webroot: pulumi.Output<string>;
  /** What runs. */
  readonly watched: Watched[];

  constructor(name: string, args: CertificatesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Certificates", name, {}, opts);
    const volume = dataVolume(args.owner, name, { parent: this, protect: args.protect });
    const webroot = dataVolume(args.owner, `${name}-webroot`, { parent: this });
    const { issuer } = args;

    const container = new docker.Container(
      name,
      {
        // root without any capability: it owns what it writes, and can do nothing else.
        ...containerArgs(args.owner, name, {
          cpu: 0.5,
          memory: "256MiB",
          user: "0:0",
          writable: ["/var/lib/letsencrypt", "/var/log/letsencrypt"],
          stopSeconds: 5,
        }),
        image: args.image,
        entrypoints: scriptEntrypoint("certbot/certificates.sh"),
        envs: [
          `DOMAIN=${args.domain}`,
          `ISSUER=${issuer.issuer}`,
          ...(issuer.issuer === "letsencrypt" ? [`EMAIL=${issuer.email}`, `SERVER=${issuer.server}`] : []),
        ],
        volumes: [
          { volumeName: volume.name, containerPath: "/etc/letsencrypt" },
          { volumeName: webroot.name, containerPath: "/var/www/certbot" },
        ],
        networksAdvanced: [{ name: args.network }],
      },
      { parent: this, deleteBeforeReplace: true },
    );

    this.volume = volume.name;
    this.webroot = webroot.name;
    this.watched = [{ resource: name, id: container.id }];
    this.registerOutputs({ volume: this.volume, webroot: this.webroot });
  }
}
