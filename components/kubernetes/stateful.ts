/** One server with a volume, as PostgreSQL and Redis are: a StatefulSet of one pod, and its Service. */
import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { flows, podsOf } from "./flow.ts";
import { labelsOf, selectorOf } from "./labels.ts";
import { podSpec, quantity, resourcesOf } from "./pod.ts";

type Probe = kubernetes.types.input.core.v1.Probe;

/** What the stack says of such a server. */
export interface ServerArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  image: string;
  /** Limits; a quarter of each is asked for. */
  cpu: number;
  memory: string;
  /** Size of the volume. */
  size: string;
  /** @default the cluster's default class */
  storageClass?: string;
  /** Parts that may connect. */
  clients: string[];
  pullSecrets: pulumi.Input<string>[];
  /** Whether what holds data refuses to be deleted. */
  protect: boolean;
  /** Whether others apply its objects: then its Secret alone is made (gitops.ts). */
  appliedByOthers: boolean;
}

export interface StatefulArgs extends ServerArgs {
  command: string[];
  environment: Record<string, pulumi.Input<string>>;
  /** Secret whose entries are files in /run/secrets. */
  secretName: pulumi.Input<string>;
  user: { uid: number; gid: number };
  port: number;
  /** Where the volume is mounted. */
  dataFolder: string;
  writable?: readonly string[];
  /** Command that exits 0 while the server takes connections. */
  ready: string[];
  /** Time to end in, in seconds. */
  stopSeconds: number;
}

/** @returns name of the claim, which outlives the StatefulSet. */
export function stateful(
  name: string,
  args: StatefulArgs,
  parent: pulumi.ComponentResource,
): pulumi.Output<string> {
  if (args.appliedByOthers) return pulumi.output(claimOf(name));
  const { owner, namespace } = args;
  const labels = labelsOf(owner, name);
  const metadata = { name, namespace, labels };
  const selector = selectorOf(owner, name);
  const opts = { parent };

  const account = new kubernetes.core.v1.ServiceAccount(
    name,
    { metadata, automountServiceAccountToken: false },
    opts,
  );
  flows(
    {
      owner,
      namespace,
      part: name,
      ingress: [{ from: podsOf(owner, ...args.clients), port: args.port }],
      egress: [],
    },
    opts,
  );
  const probe = (more: Probe): Probe => ({ exec: { command: args.ready }, timeoutSeconds: 5, ...more });
  const set = new kubernetes.apps.v1.StatefulSet(
    name,
    {
      metadata,
      spec: {
        serviceName: name,
        replicas: 1,
        selector: { matchLabels: selector },
        // Deleting the set, be it to change its volume, never deletes the data.
        persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: args.stopSeconds,
            ...podSpec(
              {
                user: args.user,
                writable: args.writable,
                secretName: args.secretName,
                mounts: [{ name: "data", mountPath: args.dataFolder }],
                pullSecrets: args.pullSecrets,
                serviceAccountName: account.metadata.name,
              },
              {
                name,
                image: args.image,
                args: args.command,
                env: Object.entries(args.environment).map(([key, value]) => ({ name: key, value })),
                ports: [{ name, containerPort: args.port, protocol: "TCP" }],
                resources: resourcesOf(args),
                // A recovery after a crash can take minutes: only then does the rest begin to count.
                startupProbe: probe({ periodSeconds: 2, failureThreshold: 150 }),
                readinessProbe: probe({ periodSeconds: 5, failureThreshold: 3 }),
                livenessProbe: {
                  tcpSocket: { port: args.port },
                  periodSeconds: 10,
                  failureThreshold: 6,
                  timeoutSeconds: 5,
                },
              },
            ),
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data", labels: selector },
            spec: {
              accessModes: ["ReadWriteOnce"],
              ...(args.storageClass ? { storageClassName: args.storageClass } : {}),
              resources: { requests: { storage: quantity(args.size) } },
            },
          },
        ],
      },
    },
    { ...opts, protect: args.protect },
  );
  new kubernetes.core.v1.Service(
    name,
    {
      metadata,
      spec: {
        selector,
        ports: [{ name, port: args.port, targetPort: name, protocol: "TCP" }],
        type: "ClusterIP",
      },
    },
    { ...opts, dependsOn: [set] },
  );
  return set.metadata.name.apply(claimOf);
}

function claimOf(set: string): string {
  return `data-${set}-0`;
}
