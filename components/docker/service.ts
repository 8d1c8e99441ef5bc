/** One service of the application: its migration, then its containers, a set of new ones for each release. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Service as ServiceSettings } from "../settings.ts";
import { LABEL, type Owner } from "../shared/labels.ts";
import { fingerprint, releaseName, secretFingerprint } from "../shared/names.ts";
import { goDuration, seconds } from "../shared/units.ts";
import { REPLACED_BY, containerArgs, variables } from "./container.ts";
import { Migration } from "./migration.ts";
import { type Upstream, upstreamsOf } from "./nginx/upstreams.ts";
import { SecretFiles } from "./secret-files.ts";

export interface ServiceArgs {
  owner: Owner;
  settings: ServiceSettings;
  /** Version of the release. */
  version: string;
  /** Image with tag or digest. */
  image: string;
  /** Variables that the stack adds to the settings' own. */
  environment: Record<string, string>;
  /** Secrets by name, those that the stack adds included. */
  secrets: Record<string, pulumi.Input<string>>;
  /** Values whose change means new containers, though the program only sees them encrypted: see secretFingerprint. */
  secretValues: Record<string, string>;
  /** Image of the containers that carry secrets into volumes; nothing of it is run. */
  carrierImage: string;
  /** Docker networks to join. */
  networks: pulumi.Input<string>[];
}

export class Service extends pulumi.ComponentResource {
  /** One entry a container; empty for a worker. */
  readonly upstreams: Upstream[];
  /** Eight characters that change whenever the containers do. */
  readonly fingerprint: string;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Service", name, {}, opts);
    const { settings, owner } = args;
    const environment = { ...args.environment, ...settings.environment, RELEASE: args.version };
    const policy = {
      cpu: settings.cpu,
      memory: settings.memory,
      user: settings.user,
      writable: settings.writable,
      stopSeconds: seconds(settings.drain),
    };

    // Everything about a container that is known before anything is created. Its fingerprint is part of the containers'
    // names: whatever changes, be it in this program, new containers start beside the old ones instead of replacing them.
    const template = {
      ...containerArgs(owner, name, {
        ...policy,
        labels: { [LABEL.service]: name, [LABEL.release]: args.version },
      }),
      image: args.image,
      command: settings.command,
      envs: variables(environment),
      healthcheck: healthcheck(settings),
    };
    const uid = settings.user.split(":")[0] ?? "";
    const secretsId = fingerprint([
      uid,
      Object.keys(args.secrets).sort(),
      secretFingerprint(owner, args.secretValues),
    ]);
    this.fingerprint = fingerprint({ template, secretsId });

    // Named by what is in it, not by the release: changed secrets go into new files beside those in use.
    const files =
      Object.keys(args.secrets).length > 0
        ? new SecretFiles(
            `${name}-secrets-${secretsId}`,
            { owner, image: args.carrierImage, secrets: args.secrets, uid, service: name },
            { parent: this },
          )
        : undefined;
    const migration = settings.migrate
      ? new Migration(
          `${name}-migration`,
          {
            owner,
            service: name,
            version: args.version,
            image: args.image,
            command: settings.migrate,
            environment,
            secretFiles: files,
            secretsId,
            secrets: Object.values(args.secrets),
            networks: args.networks,
            policy,
          },
          { parent: this },
        )
      : undefined;

    const hosts = Array.from(
      { length: settings.replicas },
      (_, index) => `${name}-${this.fingerprint}-${index}`,
    );
    hosts.forEach((host, index) => {
      new docker.Container(
        releaseName(name, args.version, this.fingerprint, index),
        {
          ...template,
          envs: [...template.envs, ...(files?.envs ?? [])],
          volumes: files && [files.mount],
          networksAdvanced: args.networks.map((network) => ({ name: network, aliases: [host] })),
          // The label is what makes a container wait for the migration: without `passed` it is never created.
          labels: migration
            ? [...template.labels, { label: LABEL.migration, value: migration.passed }]
            : template.labels,
        },
        { parent: this, replaceOnChanges: REPLACED_BY },
      );
    });

    this.upstreams = upstreamsOf(name, hosts, settings);
    this.registerOutputs({ fingerprint: this.fingerprint });
  }
}

function healthcheck({ health }: ServiceSettings) {
  if (!health.command) return undefined;
  return {
    tests: ["CMD", ...health.command],
    interval: goDuration(health.interval),
    timeout: goDuration(health.timeout),
    startPeriod: goDuration(health.startup),
    retries: health.retries,
  };
}
