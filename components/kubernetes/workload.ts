/** One service of the application: its pods, how many, how they are replaced, and who may reach them. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Service as ServiceSettings } from "../settings.ts";
import type { Owner } from "../shared/labels.ts";
import { fingerprint, secretFingerprint } from "../shared/names.ts";
import { secretPath } from "../shared/secret-path.ts";
import { seconds } from "../shared/units.ts";
import { type FlowsArgs, flows } from "./flow.ts";
import { SERVICE_LABEL, labelsOf, selectorOf } from "./labels.ts";
import { Migration } from "./migration.ts";
import { type PodArgs, podSpec, resourcesOf } from "./pod.ts";
import { autoscaler } from "./autoscaler.ts";
import { STOP_DELAY_SECONDS } from "./stop-delay.ts";
import { type ReleaseArgs, gradualOf, templateLabel } from "./delivery.ts";
import { release } from "./release.ts";

export interface WorkloadArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  settings: ServiceSettings;
  /** Version of the release. */
  version: string;
  /** Image with tag or digest. */
  image: string;
  environment: Record<string, string>;
  /** Secrets by name, those that the stack adds included. */
  secrets: Record<string, pulumi.Input<string>>;
  /** Values whose change means new pods, though the program only sees them encrypted. */
  secretValues: Record<string, string>;
  pullSecrets: pulumi.Input<string>[];
  delivery: ReleaseArgs["delivery"];
  router: ReleaseArgs["router"];
  cluster: ReleaseArgs["cluster"];
  /** Whether others apply its objects: then its Secret alone is made (gitops.ts). */
  appliedByOthers: boolean;
  /** Who may reach it, and whom it may reach. */
  flows: Pick<FlowsArgs, "ingress" | "egress">;
}

export class Workload extends pulumi.ComponentResource {
  /** Eight characters that change whenever the pods do. */
  readonly fingerprint: string;
  /** Known once the release serves; fails where it does not get there. */
  readonly serves: pulumi.Output<unknown>;

  constructor(name: string, args: WorkloadArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:kubernetes:Workload", name, {}, opts);
    const { owner, namespace, settings } = args;
    const plan = planOf(name, args);
    this.fingerprint = plan.fingerprint;
    const parent = { parent: this };
    const metadata = { name, namespace, labels: labelsOf(owner, name, args.version) };
    if (args.appliedByOthers) {
      this.#secret(name, args);
      // When it serves is theirs to say.
      this.serves = pulumi.output(undefined);
      this.registerOutputs({});
      return;
    }

    const account = new kubernetes.core.v1.ServiceAccount(
      name,
      { metadata: { ...metadata, labels: labelsOf(owner, name) }, automountServiceAccountToken: false },
      parent,
    );
    flows({ owner, namespace, part: name, ...args.flows }, parent);
    // Both are named by what is in them, as resources of Pulumi's as well: a change makes new pods, and the old ones keep
    // theirs. One resource that is replaced would not do: after a failed update Pulumi still has its old object to delete,
    // and does so in the update that goes back to it.
    const configurationName = `${name}-config-${fingerprint(plan.environment)}`;
    const configuration = new kubernetes.core.v1.ConfigMap(
      configurationName,
      {
        metadata: { ...metadata, name: configurationName },
        data: plan.environment,
        immutable: true,
      },
      parent,
    );
    const secret = this.#secret(name, args, plan.secretsId);
    const names = {
      account: account.metadata.name,
      configuration: configuration.metadata.name,
      secret: secret?.metadata.name,
    };
    const migration = settings.migrate && this.#migration(name, args, settings.migrate, names);

    const { owned, serves } = release(
      name,
      {
        ...args,
        labels: metadata.labels,
        template: {
          metadata: { labels: { ...metadata.labels, ...SERVICE_LABEL }, ...plan.annotations },
          spec: podOf(name, args, names),
        },
        // Time for one pod to start, then for the one it replaces to end.
        progressSeconds: seconds(settings.health.startup) + STOP_DELAY_SECONDS + 30,
      },
      { ...parent, dependsOn: migration ? [migration] : [] },
    );
    this.serves = serves;
    if (settings.replicas > 1) disruptionBudget(name, args, parent);
    if (settings.autoscale)
      autoscaler(name, { ...args, owned, autoscale: settings.autoscale, least: settings.replicas }, parent);
    this.registerOutputs({ fingerprint: this.fingerprint });
  }

  #migration(name: string, args: WorkloadArgs, command: string[], names: Names) {
    const container = { name: "migration", image: args.image, command };
    const pod = {
      restartPolicy: "Never",
      ...podSpec(policyOf(args, names), { ...container, ...surroundings(args, names) }),
    };
    const { egress } = args.flows;
    return new Migration(`${name}-migration`, { ...args, command, pod, egress }, { parent: this });
  }

  /** @param id of what is in it; none: its name is known to others, and stays */
  #secret(name: string, { owner, namespace, secrets }: WorkloadArgs, id?: string) {
    if (Object.keys(secrets).length === 0) return undefined;
    const own = [name, "secrets", ...(id === undefined ? [] : [id])].join("-");
    return new kubernetes.core.v1.Secret(
      own,
      {
        metadata: { name: own, namespace, labels: labelsOf(owner, name) },
        stringData: secrets,
        immutable: id !== undefined,
      },
      { parent: this },
    );
  }
}

interface WorkloadPlan {
  readonly fingerprint: string;
  readonly secretsId: string;
  /** Variables that are no secrets. */
  readonly environment: Record<string, string>;
  /** Empty where there are none: Argo Rollouts drops an empty map, and a refresh would find a change. */
  readonly annotations: { annotations?: Record<string, string> };
}

/** What is known before anything is created. */
function planOf(name: string, args: WorkloadArgs): WorkloadPlan {
  const { settings, owner, version, image } = args;
  const files = Object.fromEntries(
    Object.keys(args.secrets)
      .sort()
      .map((secret) => [`${secret}_FILE`, secretPath(secret)]),
  );
  const environment = {
    ...args.environment,
    ...settings.environment,
    ...files,
    RELEASE: version,
    // From when it is told to end until it is killed there is all of `drain`; it has to be gone by then.
    DRAIN_SECONDS: String(Math.max(1, seconds(settings.drain) - 2)),
  };
  const secretsId = fingerprint([
    Object.keys(args.secrets).sort(),
    secretFingerprint(owner, args.secretValues),
  ]);
  const annotations =
    settings.metrics !== undefined && settings.port !== undefined
      ? {
          annotations: {
            "prometheus.io/scrape": "true",
            "prometheus.io/path": settings.metrics,
            "prometheus.io/port": String(settings.port),
          },
        }
      : {};
  return {
    // A release that was gone back to runs no migration, and is the same release.
    fingerprint: fingerprint([name, image, { ...settings, migrate: undefined }, environment, secretsId]),
    secretsId,
    environment,
    annotations,
  };
}

interface Names {
  account: pulumi.Input<string>;
  configuration: pulumi.Input<string>;
  secret?: pulumi.Input<string>;
}

/** What the pods of a service and of its migration have in common. */
function policyOf({ settings, pullSecrets }: WorkloadArgs, names: Names): PodArgs {
  const [uid = 1000, gid = 1000] = settings.user.split(":").map(Number);
  const { writable } = settings;
  return {
    user: { uid, gid },
    writable,
    secretName: names.secret,
    pullSecrets,
    serviceAccountName: names.account,
  };
}

function surroundings({ settings }: WorkloadArgs, names: Names) {
  return { envFrom: [{ configMapRef: { name: names.configuration } }], resources: resourcesOf(settings) };
}

function podOf(name: string, args: WorkloadArgs, names: Names) {
  const { settings, owner, image } = args;
  const { port } = settings;
  return {
    terminationGracePeriodSeconds: STOP_DELAY_SECONDS + seconds(settings.drain),
    topologySpreadConstraints: ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "ScheduleAnyway",
        labelSelector: { matchLabels: selectorOf(owner, name) },
        // Of one release at a time: otherwise the old one's pods decide where the new ones go.
        matchLabelKeys: [templateLabel(gradualOf(args.delivery, settings))],
      }),
    ),
    ...podSpec(policyOf(args, names), {
      name,
      image,
      ...(settings.command ? { command: settings.command } : {}),
      ...surroundings(args, names),
      lifecycle: { preStop: { sleep: { seconds: STOP_DELAY_SECONDS } } },
      ...(port === undefined
        ? workerProbes(settings)
        : { ports: [{ name: "http", containerPort: port, protocol: "TCP" }], ...serverProbes(settings) }),
    }),
  };
}

function serverProbes({ health }: ServiceSettings) {
  const httpGet = { path: health.path, port: "http" };
  const timeoutSeconds = seconds(health.timeout);
  return {
    startupProbe: { httpGet, timeoutSeconds, periodSeconds: 1, failureThreshold: seconds(health.startup) },
    readinessProbe: {
      httpGet,
      timeoutSeconds,
      periodSeconds: seconds(health.interval),
      failureThreshold: health.retries,
    },
    // Not the health path: it tells of the database as well, and a restart of every pod mends no database.
    livenessProbe: { tcpSocket: { port: "http" }, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3 },
  };
}

function workerProbes({ health }: ServiceSettings) {
  if (!health.command) return {};
  const exec = { command: health.command };
  return {
    startupProbe: {
      exec,
      periodSeconds: 1,
      timeoutSeconds: seconds(health.timeout),
      failureThreshold: seconds(health.startup),
    },
    livenessProbe: {
      exec,
      periodSeconds: seconds(health.interval),
      timeoutSeconds: seconds(health.timeout),
      failureThreshold: health.retries,
    },
  };
}

/** One at a time, when a node is emptied; pods that are not healthy anyway do not hold it up. */
function disruptionBudget(
  name: string,
  { owner, namespace }: WorkloadArgs,
  opts: pulumi.CustomResourceOptions,
) {
  return new kubernetes.policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name, namespace, labels: labelsOf(owner, name) },
      spec: {
        maxUnavailable: 1,
        unhealthyPodEvictionPolicy: "AlwaysAllow",
        selector: { matchLabels: selectorOf(owner, name) },
      },
    },
    opts,
  );
}
