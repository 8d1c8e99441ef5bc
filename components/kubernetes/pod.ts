/** What every pod of the stack has in common: no rights, a read-only root, limits. Fits Pod Security `restricted`. */
import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { SECRETS_FOLDER } from "../shared/secret-path.ts";
import { mebibytes } from "../shared/units.ts";

type PodSpec = kubernetes.types.input.core.v1.PodSpec;
type Container = kubernetes.types.input.core.v1.Container;

export interface PodArgs {
  /** Numeric user and group that its container runs as. */
  user: { uid: number; gid: number };
  /** Folders that it may write to, emptied with the pod, besides /tmp. */
  writable?: readonly string[];
  /** Secret whose entries are files in /run/secrets. */
  secretName?: pulumi.Input<string>;
  mounts?: kubernetes.types.input.core.v1.VolumeMount[];
  /** Volumes besides those of `writable` and the secrets. */
  volumes?: kubernetes.types.input.core.v1.Volume[];
  pullSecrets: pulumi.Input<string>[];
  serviceAccountName: pulumi.Input<string>;
}

export interface Resources {
  cpu: number;
  memory: string;
  requests?: { cpu?: number; memory?: string };
}

/** The source document's own proportion: 250m of 1000m, 256Mi of 1Gi. */
const REQUESTED_SHARE = 4;
/** Logs and scratch space of a pod; more means that it is evicted. */
const EPHEMERAL = { requests: "64Mi", limits: "1Gi" };

/** What no container of the stack may do. */
export const NO_RIGHTS = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  privileged: false,
  capabilities: { drop: ["ALL"] },
};

/** A pod of one container. */
export function podSpec(args: PodArgs, container: Omit<Container, "securityContext">): PodSpec {
  const { user, secretName, writable = [], mounts = [], volumes = [] } = args;
  const folders = ["/tmp", ...writable];
  const scratch = folders.map((_, index) => ({ name: `scratch-${index}`, emptyDir: {} }));
  const secrets =
    secretName === undefined ? [] : [{ name: "secrets", secret: { secretName, defaultMode: 0o440 } }];
  return {
    serviceAccountName: args.serviceAccountName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    // Never an empty list: Argo Rollouts drops it, and a refresh would find a change.
    ...(args.pullSecrets.length > 0 && { imagePullSecrets: args.pullSecrets.map((name) => ({ name })) }),
    securityContext: {
      runAsNonRoot: true,
      runAsUser: user.uid,
      runAsGroup: user.gid,
      fsGroup: user.gid,
      // A volume of gigabytes is not walked through again at every start.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        imagePullPolicy: "IfNotPresent",
        ...container,
        securityContext: NO_RIGHTS,
        volumeMounts: [
          ...folders.map((mountPath, index) => ({ name: `scratch-${index}`, mountPath })),
          ...(secretName === undefined
            ? []
            : [{ name: "secrets", mountPath: SECRETS_FOLDER, readOnly: true }]),
          ...mounts,
        ],
      },
    ],
    volumes: [...scratch, ...secrets, ...volumes],
  };
}

export function resourcesOf({ cpu, memory, requests }: Resources) {
  const least = {
    cpu: requests?.cpu ?? cpu / REQUESTED_SHARE,
    memory: requests?.memory === undefined ? mebibytes(memory) / REQUESTED_SHARE : mebibytes(requests.memory),
  };
  return {
    requests: {
      cpu: cpus(least.cpu),
      memory: mebi(Math.floor(least.memory)),
      "ephemeral-storage": EPHEMERAL.requests,
    },
    limits: { cpu: cpus(cpu), memory: quantity(memory), "ephemeral-storage": EPHEMERAL.limits },
  };
}

/** `512MiB` as Kubernetes writes it. */
export function quantity(size: string): string {
  return size.replace(/B$/, "");
}

/** Mebibytes as the API server writes them back. */
export function mebi(amount: number): string {
  return amount % 1024 === 0 ? `${amount / 1024}Gi` : `${amount}Mi`;
}

/** As the API server writes it back: any other spelling of the same amount shows up as a change. */
function cpus(amount: number): string {
  const milli = Math.round(amount * 1000);
  return milli % 1000 === 0 ? String(milli / 1000) : `${milli}m`;
}
