/**
 * Monitoring on one host: Prometheus, what it asks (host, containers, site, database, services), what sends its alarms,
 * and Grafana. On a network of its own; nothing of it is published but to the host itself.
 */
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { VpsSettings } from "../settings.ts";
import { type Owner, labels } from "../shared/labels.ts";
import { mebibytes } from "../shared/units.ts";
import {
  type ContainerPolicy,
  REPLACED_BY,
  type Watched,
  containerArgs,
  scriptEntrypoint,
  variables,
} from "./container.ts";
import { generatedPassword } from "../shared/generated-password.ts";
import { alertmanagerConfiguration, probes } from "./monitoring/alarms.ts";
import { alertRules } from "./monitoring/alerts.ts";
import { containerNames } from "./monitoring/container-names.ts";
import { grafanaFiles, grafanaVariables } from "./monitoring/grafana.ts";
import { PARTS, type Scraped, scraping } from "./monitoring/scraping.ts";
import { secretPath } from "../shared/secret-path.ts";
import { SecretFiles } from "./secret-files.ts";
import { dataVolume } from "./volume.ts";

export type MonitoringSettings = NonNullable<VpsSettings["monitoring"]>;

export interface MonitoringArgs {
  owner: Owner;
  settings: MonitoringSettings;
  /** Images; changing one replaces its container. */
  images: Pick<VpsSettings["images"], keyof typeof PARTS>;
  /** An image that the engine has anyway, to carry secrets. */
  carrierImage: string;
  /** Public host name. */
  domain: string;
  /** Whether the certificate is one that browsers trust. */
  trustedCertificate: boolean;
  /** Services that have metrics. */
  services: Scraped[];
  /** Docker network of proxy and services. */
  frontend: pulumi.Input<string>;
  /** Docker network of database and cache. */
  backend: pulumi.Input<string>;
  /** URL that alarms are posted to. @default alarms are only shown */
  alarm?: pulumi.Input<string>;
  /** Containers of the stack that are meant to run. */
  watched: Watched[];
}

/** User of the images of Prometheus and its kin. */
const NOBODY = "65534:65534";
/** User of Grafana's. */
const GRAFANA = "472:0";
const CONFIGURATION = "/tmp/configuration";

interface Part extends Pick<ContainerPolicy, "cpu" | "memory" | "user" | "writable"> {
  image: string;
  /** Files written at the start, by path. @default none */
  files?: Record<string, pulumi.Input<string>>;
  /** The program and its arguments. */
  command: string[];
  /** Networks besides monitoring's own. @default none */
  networks?: pulumi.Input<string>[];
  /** Port of the host's 127.0.0.1. @default none */
  published?: number;
  envs?: string[];
  volumes?: docker.ContainerArgs["volumes"];
  /** Seconds between the stop signal and SIGKILL. @default 10 */
  stopSeconds?: number;
}

export class Monitoring extends pulumi.ComponentResource {
  /** Docker name of the volume with the metrics. */
  readonly metrics: pulumi.Output<string>;
  readonly #name: string;
  readonly #owner: Owner;
  readonly #network: pulumi.Output<string>;
  readonly #watched: Watched[] = [];

  constructor(name: string, args: MonitoringArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:docker:Monitoring", name, {}, opts);
    const { owner, settings, images } = args;
    this.#name = name;
    this.#owner = owner;
    const network = { driver: "bridge", labels: labels(owner, `${name}-network`) };
    this.#network = new docker.Network(`${name}-network`, network, { parent: this }).name;
    // Not protected: what is lost with it is a few days of curves, and turning monitoring off is to take it along.
    this.metrics = dataVolume(owner, "metrics", { parent: this }).name;

    this.#part("prometheus", prometheus(args, this.metrics));
    this.#part("cadvisor", cadvisor(images.cadvisor, settings));
    this.#part("blackbox", blackbox(args));
    if (args.alarm !== undefined) this.#alarms(args, args.alarm);
    if (settings.grafana.enabled) this.#grafana(args);
    // Last, since it knows the others' names: whenever one is made anew, it is as well.
    this.#part("nodeExporter", nodeExporter(images.nodeExporter, [...args.watched, ...this.#watched]));

    this.registerOutputs({ metrics: this.metrics });
  }

  /** The part of the stack's outputs that says where it is observed: addresses on the host itself. */
  static output({ port, grafana }: MonitoringSettings) {
    const local = (of: number) => `http://127.0.0.1:${of}`;
    return { metrics: local(port), dashboards: grafana.enabled ? local(grafana.port) : null };
  }

  #part(part: keyof typeof PARTS, policy: Part): void {
    const { host, port } = PARTS[part];
    const resource = `${this.#name}-${host}`;
    const files = Object.entries(policy.files ?? {}).flat();
    const { id } = new docker.Container(
      resource,
      {
        ...containerArgs(this.#owner, resource, { ...policy, stopSeconds: policy.stopSeconds ?? 10 }),
        image: policy.image,
        entrypoints: scriptEntrypoint("monitoring/start.sh"),
        command: [...files, "--", ...policy.command],
        envs: policy.envs,
        volumes: policy.volumes,
        ports: policy.published
          ? [{ internal: port, external: policy.published, ip: "127.0.0.1" }]
          : undefined,
        networksAdvanced: [
          { name: this.#network, aliases: [host] },
          ...(policy.networks ?? []).map((network) => ({ name: network })),
        ],
      },
      { parent: this, deleteBeforeReplace: true, replaceOnChanges: REPLACED_BY },
    );
    this.#watched.push({ resource, id });
  }

  #alarms({ images, carrierImage }: MonitoringArgs, url: pulumi.Input<string>): void {
    const file = `${CONFIGURATION}/alertmanager.yml`;
    const secrets = this.#secrets("alertmanager", carrierImage, { ALARM_URL: url }, NOBODY);
    this.#part("alertmanager", {
      image: images.alertmanager,
      cpu: 0.2,
      memory: "128MiB",
      user: NOBODY,
      files: { [file]: stringify(alertmanagerConfiguration(secretPath("ALARM_URL"))) },
      volumes: [secrets.mount],
      command: [
        "alertmanager",
        `--config.file=${file}`,
        // What is muted, and what was said already: forgotten at a restart.
        "--storage.path=/tmp/alertmanager",
        "--cluster.listen-address=",
      ],
    });
  }

  #grafana({ owner, settings, images, carrierImage }: MonitoringArgs): void {
    const password = generatedPassword(`${this.#name}-grafana-password`, { parent: this });
    const secrets = this.#secrets("grafana", carrierImage, { GRAFANA_PASSWORD: password }, GRAFANA);
    this.#part("grafana", {
      image: images.grafana,
      cpu: 0.5,
      memory: settings.grafana.memory,
      user: GRAFANA,
      writable: ["/var/lib/grafana", "/var/log/grafana"],
      files: grafanaFiles(settings, `${owner.project}, ${owner.stack}`),
      envs: variables(grafanaVariables(settings, secretPath("GRAFANA_PASSWORD"))),
      volumes: [secrets.mount],
      published: settings.grafana.port,
      command: ["/run.sh"],
    });
  }

  #secrets(of: string, image: string, secrets: Record<string, pulumi.Input<string>>, user: string) {
    const uid = user.split(":")[0];
    const args = { owner: this.#owner, image, secrets, uid };
    return new SecretFiles(`${this.#name}-${of}-secrets`, args, { parent: this });
  }
}

function prometheus(args: MonitoringArgs, metrics: pulumi.Input<string>): Part {
  const { owner, settings, services, domain } = args;
  const [main, rules] = [`${CONFIGURATION}/prometheus.yml`, `${CONFIGURATION}/rules.yml`];
  const alarms = args.alarm !== undefined;
  const own = { project: owner.project, stack: owner.stack };
  const groups = [
    {
      name: "tristack",
      rules: alertRules(
        settings,
        services.map(({ name }) => name),
      ),
    },
  ];
  return {
    image: args.images.prometheus,
    cpu: 0.5,
    memory: settings.memory,
    user: NOBODY,
    files: {
      [main]: stringify(scraping({ settings, labels: own, domain, services, alarms }, rules)),
      [rules]: stringify({ groups }),
    },
    command: [
      "prometheus",
      `--config.file=${main}`,
      "--storage.tsdb.path=/prometheus",
      `--storage.tsdb.retention.time=${settings.retention}`,
      `--storage.tsdb.retention.size=${mebibytes(settings.retentionSize)}MB`,
    ],
    volumes: [{ volumeName: metrics, containerPath: "/prometheus" }],
    networks: [args.frontend],
    published: settings.port,
    // What is in memory goes to disk first.
    stopSeconds: 60,
  };
}

/** No mount at all: what it reads of /proc is the host's in every container, and its own root lies on Docker's disk. */
function nodeExporter(image: string, watched: Watched[]): Part {
  const folder = "/tmp/textfile";
  const collectors = ["cpu", "diskstats", "filesystem", "loadavg", "meminfo", "stat", "textfile", "vmstat"];
  return {
    image,
    cpu: 0.2,
    memory: "64MiB",
    user: NOBODY,
    files: { [`${folder}/containers.prom`]: containerNames(watched) },
    command: [
      "node_exporter",
      "--collector.disable-defaults",
      ...collectors.map((collector) => `--collector.${collector}`),
      `--collector.textfile.directory=${folder}`,
      "--collector.filesystem.mount-points-include=^/$",
      "--collector.filesystem.fs-types-exclude=^none$",
    ],
  };
}

/**
 * Control groups alone, and so neither Docker's socket nor privileges: it knows containers by their ids. Its official
 * image runs as root, which it then has no use for.
 */
function cadvisor(image: string, settings: MonitoringSettings): Part {
  const groups = "/sys/fs/cgroup";
  return {
    image,
    cpu: 0.3,
    memory: "128MiB",
    user: NOBODY,
    command: [
      "cadvisor",
      "-logtostderr",
      `-port=${PARTS.cadvisor.port}`,
      "-docker_only=true",
      "-raw_cgroup_prefix_whitelist=/docker/,/system.slice/docker-",
      "-enable_metrics=cpu,memory",
      `-housekeeping_interval=${settings.interval}`,
      "-allow_dynamic_housekeeping=false",
      "-storage_duration=2m",
    ],
    volumes: [{ hostPath: groups, containerPath: groups, readOnly: true }],
  };
}

function blackbox(args: MonitoringArgs): Part {
  const file = `${CONFIGURATION}/blackbox.yml`;
  return {
    image: args.images.blackbox,
    cpu: 0.2,
    memory: "64MiB",
    user: NOBODY,
    files: { [file]: stringify(probes(args)) },
    command: ["blackbox_exporter", `--config.file=${file}`],
    networks: [args.frontend, args.backend],
  };
}
