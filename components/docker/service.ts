/** One service of the application: its migration, then its containers, a set of new ones for each release. */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Service as ServiceSettings } from "../settings.ts";
import { LABEL, type Owner } from "../shared/labels.ts";
import { fingerprint, releaseName, secretFingerprint } from "../shared/names.ts";
import { goDuration, seconds } from "../shared/units.ts";
import { type ContainerPolicy, REPLACED_BY, type Watched, containerArgs, variables } from "./container.ts";
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
  /** One entry a container of the current release; empty for a worker. */
  readonly upstreams: Upstream[];
  /** Eight characters that change whenever the containers do. */
  readonly fingerprint: string;
  /** What runs, of the previous release as well. */
  readonly watched: Watched[];

  /**
   * @param args of the release to run, and then of the one that goes on running beside it for now, if any
   * @param after what has to be there before anything of the service runs; its files need not wait for it
   */
  constructor(
    name: string,
    [args, previous]: [ServiceArgs, ServiceArgs?],
    after: pulumi.Resource[],
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("tristack:docker:Service", name, {}, opts);
    const plan = planOf(name, args);
    const set = new ContainerSet(name, this, after);
    set.add(args, plan);
    if (previous) set.add(previous, planOf(name, previous));

    this.upstreams = plan.upstreams;
    this.fingerprint = plan.fingerprint;
    this.watched = set.watched;
    this.registerOutputs({ fingerprint: this.fingerprint });
  }
}

/** What is known of a service's containers before anything is created. */
export interface ServicePlan {
  readonly upstreams: Upstream[];
  readonly fingerprint: string;
  readonly secretsId: string;
  /** Variables that are no secrets. */
  readonly environment: Record<string, string>;
  readonly policy: Omit<ContainerPolicy, "labels">;
  /** Names on its networks that every container of the service answers to. */
  readonly aliases: string[];
  /** What every container of the service gets; all of it is in the fingerprint. */
  readonly template: ReturnType<typeof templateOf>;
}

/**
 * Everything about the containers that is known before anything is created. The fingerprint is part of their names:
 * whatever changes, be it in this program, new containers start beside the old ones instead of replacing them.
 */
export function planOf(name: string, args: ServiceArgs): ServicePlan {
  const { settings, owner } = args;
  const environment = { ...args.environment, ...settings.environment, RELEASE: args.version };
  const policy = {
    cpu: settings.cpu,
    memory: settings.memory,
    user: settings.user,
    writable: settings.writable,
    stopSeconds: seconds(settings.drain),
  };
  const template = templateOf(name, args, environment, policy);
  const secretsId = fingerprint([
    uidOf(settings),
    Object.keys(args.secrets).sort(),
    secretFingerprint(owner, args.secretValues),
  ]);
  const aliases = settings.port === undefined ? [] : [serviceAlias(name)];
  const mark = fingerprint({ template, secretsId, aliases });
  const upstreams = upstreamsOf(name, hostsOf(name, mark, settings), settings);
  return { upstreams, fingerprint: mark, secretsId, environment, policy, aliases, template };
}

/**
 * The name by which monitoring finds all containers of a service, whatever their release. Not for requests: Docker
 * answers with containers that are stopping, too.
 */
export function serviceAlias(service: string): string {
  return `${service}.service`;
}

function templateOf(
  name: string,
  { owner, version, image, settings }: ServiceArgs,
  environment: Record<string, string>,
  policy: Omit<ContainerPolicy, "labels">,
) {
  return {
    ...containerArgs(owner, name, {
      ...policy,
      labels: { [LABEL.service]: name, [LABEL.release]: version },
    }),
    image,
    command: settings.command,
    envs: variables(environment),
    healthcheck: healthcheck(settings),
  };
}

/** Creates the containers of one or two releases; what both use (secrets, a migration) once. */
class ContainerSet {
  readonly watched: Watched[] = [];
  readonly #name: string;
  readonly #parent: pulumi.ComponentResource;
  readonly #after: pulumi.Resource[];
  readonly #made = new Map<string, unknown>();

  constructor(name: string, parent: pulumi.ComponentResource, after: pulumi.Resource[]) {
    this.#name = name;
    this.#parent = parent;
    this.#after = after;
  }

  add(args: ServiceArgs, plan: ServicePlan): void {
    const { settings } = args;
    const files = this.#secretFiles(args, plan);
    const passed = settings.migrate && this.#migration(args, plan, settings.migrate, files).passed;
    hostsOf(this.#name, plan.fingerprint, settings).forEach((host, index) => {
      const resource = releaseName(this.#name, args.version, plan.fingerprint, index);
      this.#once(resource, () => this.#container(resource, host, args, plan, files, passed));
    });
  }

  #container(
    resource: string,
    host: string,
    args: ServiceArgs,
    { template, aliases }: ServicePlan,
    files: SecretFiles | undefined,
    passed: pulumi.Output<string> | undefined,
  ) {
    const container = new docker.Container(
      resource,
      {
        ...template,
        envs: [...template.envs, ...(files?.envs ?? [])],
        volumes: files && [files.mount],
        networksAdvanced: args.networks.map((network) => ({ name: network, aliases: [host, ...aliases] })),
        // The label is what makes a container wait for the migration: without `passed` it is never created.
        labels: passed ? [...template.labels, { label: LABEL.migration, value: passed }] : template.labels,
      },
      // A rollback runs no migration; that alone is no reason to replace containers which are there.
      {
        parent: this.#parent,
        dependsOn: this.#after,
        replaceOnChanges: REPLACED_BY,
        ignoreChanges: ["labels"],
      },
    );
    const service = this.#name;
    this.watched.push({ resource: service, id: container.id, service, version: args.version });
    return container;
  }

  /** Named by what is in it, not by the release: changed secrets go into new files beside those in use. */
  #secretFiles({ owner, carrierImage, secrets, settings }: ServiceArgs, { secretsId }: ServicePlan) {
    if (Object.keys(secrets).length === 0) return undefined;
    const name = `${this.#name}-secrets-${secretsId}`;
    const args = { owner, image: carrierImage, secrets, uid: uidOf(settings), service: this.#name };
    return this.#once(name, () => new SecretFiles(name, args, { parent: this.#parent }));
  }

  #migration(args: ServiceArgs, plan: ServicePlan, command: string[], files: SecretFiles | undefined) {
    const { owner, version, image, networks } = args;
    const { secretsId, environment, policy } = plan;
    const secrets = Object.values(args.secrets);
    const service = this.#name;
    const all = {
      owner,
      service,
      version,
      image,
      command,
      environment,
      secretsId,
      secrets,
      networks,
      policy,
    };
    // The components of two releases need two names; those of the containers in them hold the release.
    const name = `${service}-migration`;
    const second = [...this.#made.values()].some((one) => one instanceof Migration);
    const key = [name, version, image, secretsId, ...command].join(" ");
    return this.#once(
      key,
      () =>
        new Migration(
          second ? `${name}-previous` : name,
          { ...all, secretFiles: files },
          { parent: this.#parent, dependsOn: this.#after },
        ),
    );
  }

  #once<T>(key: string, make: () => T): T {
    if (!this.#made.has(key)) this.#made.set(key, make());
    return this.#made.get(key) as T;
  }
}

function hostsOf(name: string, mark: string, { replicas }: ServiceSettings): string[] {
  return Array.from({ length: replicas }, (_, index) => `${name}-${mark}-${index}`);
}

function uidOf({ user }: ServiceSettings): string {
  return user.split(":")[0] ?? "";
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
