/** A stack that is a cluster of its own, for stacks of the target `kubernetes` to run on. */
import { z } from "zod";
import { environment } from "./environment.ts";
import { awsRegion, instanceType, list, networks, object, oneOf, text, wholeNumber } from "./value-types.ts";

const nodes = object({
  instanceTypes: list(instanceType("m7i.large"), 1, 20, "EC2 instance types, such as [m7i.large]")
    .default(["m7i.large", "m6i.large"])
    .describe("What nodes may be; AWS takes the cheapest that fits. All of one kind of processor."),
  cpuLimit: wholeNumber(2, 10_000)
    .default(16)
    .describe("Most vCPUs of all nodes together: what a mistake in a replica count can cost."),
  expected: wholeNumber(1, 1000)
    .default(2)
    .describe(
      "How many of the first type the estimate of the cost counts. Nodes come and go as pods need them.",
    ),
});

const cluster = object({
  region: awsRegion().describe("Where it stands. Changing it replaces everything."),
  version: text(/^1\.\d{2}$/, "a minor version of Kubernetes that EKS supports, such as 1.36")
    .default("1.36")
    .describe(
      "Version of Kubernetes. It can only rise, one at a time, and is never extended: extended support costs 438 USD a month.",
    ),
  apiFrom: networks().describe(
    "Who may reach the cluster's API: those who deploy, and CI. Nodes reach it inside the network.",
  ),
  administrators: list(
    text(
      /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      "a role, such as arn:aws:iam::123456789012:role/deploy",
    ),
    0,
    20,
    "roles, such as [arn:aws:iam::123456789012:role/deploy]",
  )
    .default([])
    .describe("Roles of IAM that may do everything in it, besides whoever created it."),
  zones: wholeNumber(2, 3).default(2).describe("Availability zones. Changing it is not possible in place."),
  nat: oneOf(["one", "per-zone"])
    .default("one")
    .describe(
      "Ways from nodes to the internet, 33 USD a month each. With `one`, an outage of its zone is one of all.",
    ),
  nodes: nodes.prefault({}).describe("The machines, which EKS Auto Mode starts, mends and stops."),
});

export const clusterSchema = object({
  target: z
    .literal("cluster")
    .describe(
      "What the stack is: `cluster` is a Kubernetes cluster of AWS (EKS Auto Mode), for stacks of the target `kubernetes` to run on.",
    ),
  environment,
  cluster: cluster.describe("The cluster."),
});

export type ClusterStackSettings = z.infer<typeof cluster>;
