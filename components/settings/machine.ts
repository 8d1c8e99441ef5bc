/** A stack that is a machine of its own, for stacks of the target `vps` to run on. */
import { z } from "zod";
import { environment } from "./environment.ts";
import { prepare, publicKey } from "./host.ts";
import {
  HOST_NAME,
  WILDCARD_OR_HOST,
  awsRegion,
  instanceType,
  list,
  networks,
  object,
  size,
  text,
} from "./value-types.ts";

const machine = object({
  region: awsRegion().describe("Where it stands. Changing it replaces everything."),
  instanceType: instanceType("t3.medium")
    .default("t3.medium")
    .describe(
      "Size. Changing it restarts the machine: an outage of minutes. Graviton types (t4g.medium) need images for arm64; EC2 refuses to change one kind of processor into the other.",
    ),
  disk: size("10GiB", "16384GiB").default("40GiB").describe("Its encrypted disk, which can only grow."),
  sshFrom: networks().describe(
    "Who may reach its port 22: those who deploy. `0.0.0.0/0` lets everybody knock; keys alone open.",
  ),
  user: text(/^[a-z_][a-z0-9_-]{0,31}$/, "a name of a user, such as deploy")
    .default("deploy")
    .describe("Who deploys to it. Read at its first boot."),
  prepare: object({
    ...prepare.shape,
    publicKeys: list(publicKey(), 1, 50, "public keys, such as [ssh-ed25519 AAAA… ann@laptop]").describe(
      "Keys that may log in as `user`; nobody else can.",
    ),
  }).describe(
    "How cloud-init makes it fit at its first boot; afterwards `tristack host prepare` changes it.",
  ),
});

const dns = object({
  zone: text(HOST_NAME, "a hosted zone, such as example.com").describe("Hosted zone of Route 53."),
  names: list(
    text(WILDCARD_OR_HOST, "a host name, such as shop.example.com or *.preview.example.com"),
    1,
    50,
    "host names, such as [shop.example.com]",
  ).describe("Names in the zone that lead to the machine."),
});

export const hostSchema = object({
  target: z
    .literal("host")
    .describe(
      "What the stack is: `host` is a machine of AWS (EC2), for stacks of the target `vps` to run on.",
    ),
  environment,
  machine: machine.describe("The machine."),
  dns: dns.optional().describe("Its names. Left out, they are made elsewhere."),
});

export type MachineSettings = z.infer<typeof machine>;
