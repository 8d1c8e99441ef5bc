/** The certificate that nginx serves: signed by ourselves, or by an ACME server and renewed when it is due. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { VpsSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import type { Alarms } from "./alarms.ts";
import { type Watched, containerArgs, savedScript, scriptText, variables } from "./container.ts";
import { RECORDS_FOLDER } from "./records.ts";
import { SecretFiles } from "./secret-files.ts";
import { dataVolume } from "./volume.ts";

export type CertificateSettings = VpsSettings["certificates"];

export interface CertificatesArgs {
  owner: Owner;
  /** Image with certbot, its plugin for Route 53 and openssl. */
  image: string;
  /** Image that secrets are carried with; nothing of it is run. */
  carrierImage: string;
  /** Host name that the certificate is for, besides the settings' `names`. */
  domain: string;
  settings: CertificateSettings;
  /** Docker network with a way to the internet. */
  network: pulumi.Input<string>;
  /** Docker name of the volume of records. */
  records: pulumi.Input<string>;
  /** The outbox of alarms. @default alarms stay in the log */
  alarms?: Alarms;
  /** A secret by its name under `secrets`. */
  secret: (name: string) => pulumi.Input<string>;
  /** Whether the volume with keys and account refuses to be deleted. */
  protect: boolean;
}

/** Where the container keeps its own script, for `docker exec`. */
export const CERTIFICATES_SCRIPT = "/tmp/tristack-certificates";

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
    const files = dnsSecrets(name, args, this);

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
        entrypoints: savedScript(CERTIFICATES_SCRIPT, script(), "serve"),
        envs: variables({
          STACK: `${args.owner.project}/${args.owner.stack}`,
          DOMAIN: args.domain,
          NAMES: certificateNames(args.domain, args.settings.names).join(" "),
          ISSUER: args.settings.issuer,
          ...acmeVariables(args.settings),
        }),
        volumes: [
          { volumeName: volume.name, containerPath: "/etc/letsencrypt" },
          { volumeName: webroot.name, containerPath: "/var/www/certbot" },
          { volumeName: args.records, containerPath: RECORDS_FOLDER },
          ...(args.alarms ? [args.alarms.outbox] : []),
          ...(files ? [files.mount] : []),
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

function script(): string {
  const parts = ["pair.sh", "request.sh", "certificates.sh"].map((part) => `certbot/${part}`);
  return scriptText("alarms/raise.sh", ...parts);
}

/** Names of the certificate: issuers refuse one that a wildcard beside it covers. */
export function certificateNames(domain: string, names: readonly string[]): string[] {
  const all = [domain, ...names];
  return all.filter((name) => !all.includes(name.replace(/^[^.]*/, "*")) || name.startsWith("*."));
}

function acmeVariables(settings: CertificateSettings): Record<string, string> {
  if (settings.issuer !== "letsencrypt") return {};
  const { email, server, authority, challenge } = settings;
  const common = {
    EMAIL: email,
    SERVER: server,
    AUTHORITY: authority?.trim() ?? "",
    CHALLENGE: challenge.kind,
  };
  if (challenge.kind === "http") return common;
  const { region, endpoint } = challenge;
  return { ...common, AWS_DEFAULT_REGION: region, ...(endpoint ? { AWS_ENDPOINT_URL: endpoint } : {}) };
}

function dnsSecrets(name: string, args: CertificatesArgs, parent: pulumi.Resource): SecretFiles | undefined {
  const { settings } = args;
  if (settings.issuer !== "letsencrypt" || settings.challenge.kind !== "dns") return undefined;
  const { accessKey, secretKey } = settings.challenge;
  return new SecretFiles(
    `${name}-secrets`,
    {
      owner: args.owner,
      image: args.carrierImage,
      secrets: { AWS_ACCESS_KEY: args.secret(accessKey), AWS_SECRET_KEY: args.secret(secretKey) },
      uid: "0",
    },
    { parent },
  );
}
