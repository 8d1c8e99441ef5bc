/** Policies for one flow each: from somebody to a port of somebody, both sides opened. */
import * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Owner } from "../shared/labels.ts";
import { SERVICE_LABEL, labelsOf, selectorOf } from "./labels.ts";

type Peer = kubernetes.types.input.networking.v1.NetworkPolicyPeer;

/** Networks that are nobody's on the internet: RFC 1918, shared (RFC 6598), link-local with the clouds' metadata. */
const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"];

export interface FlowsArgs {
  owner: Owner;
  namespace: pulumi.Input<string>;
  /** The part whose pods these are. */
  part: string;
  /** Who may ask for what here. */
  ingress: { from: Peer[]; port: number }[];
  /** Whom it may ask. */
  egress: { to: Peer[]; port: number }[];
}

/** Pods of other parts of the stack. */
export function podsOf(owner: Owner, ...parts: string[]): Peer[] {
  return parts.map((part) => ({ podSelector: { matchLabels: selectorOf(owner, part) } }));
}

/** Pods of all services of the stack. */
export function servicesOf(owner: Owner): Peer {
  return { podSelector: { matchLabels: { "app.kubernetes.io/instance": owner.stack, ...SERVICE_LABEL } } };
}

export function podsIn(namespace: string): Peer {
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } } };
}

/** Everybody outside of the cluster and its private networks. */
export function internet(): Peer {
  return { ipBlock: { cidr: "0.0.0.0/0", except: PRIVATE } };
}

export function flows(args: FlowsArgs, opts: pulumi.CustomResourceOptions) {
  const { owner, namespace, part } = args;
  const ports = (port: number) => [{ protocol: "TCP", port }];
  // To Kubernetes a rule without peers is one for everybody. Nobody at all is told by leaving the list out.
  const ingress = args.ingress.filter(({ from }) => from.length > 0);
  const egress = args.egress.filter(({ to }) => to.length > 0);
  return new kubernetes.networking.v1.NetworkPolicy(
    part,
    {
      metadata: { name: part, namespace, labels: labelsOf(owner, part) },
      spec: {
        podSelector: { matchLabels: selectorOf(owner, part) },
        policyTypes: ["Ingress", "Egress"],
        ...(ingress.length > 0 && {
          ingress: ingress.map(({ from, port }) => ({ from, ports: ports(port) })),
        }),
        ...(egress.length > 0 && { egress: egress.map(({ to, port }) => ({ to, ports: ports(port) })) }),
      },
    },
    opts,
  );
}
