/** The machine of a VPS stack: where its Docker Engine is, how ssh knows it again, how it is made fit. */
import { z } from "zod";
import { anyText, list, object, oneOf, size, text, wholeNumber } from "./value-types.ts";

const DOCKER_HOST = /^(ssh:\/\/[^\s@/-][^\s@/]*@[^\s/]+|unix:\/\/\/\S+|tcp:\/\/\S+|npipe:\/\/\S+)$/;
const KEY_TYPE = "(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-[a-z0-9@.-]+)";
const PUBLIC_KEY = `${KEY_TYPE} [A-Za-z0-9+/]{20,}={0,3}`;

export const publicKey = () =>
  // The comment at its end is a person's or a machine's name: letters that mean nothing to a shell.
  text(
    new RegExp(`^${PUBLIC_KEY}( [\\w.@: -]{0,100})?$`),
    "a public key, such as ssh-ed25519 AAAA… ann@laptop",
  );

/** How `tristack host prepare` and cloud-init make a machine fit. Changing these changes nothing by itself: run it again. */
export const prepare = object({
  publicKeys: list(publicKey(), 0, 50, "public keys, such as [ssh-ed25519 AAAA… ann@laptop]")
    .default([])
    .describe(
      "Keys that may log in as the user of `host.docker`, who is created. Without any, those of whoever prepares the host.",
    ),
  docker: oneOf(["docker", "distribution"])
    .default("docker")
    .describe(
      "Where Docker comes from: `docker`, its own apt repository; `distribution`, Debian's or Ubuntu's docker.io. An engine that is there already stays.",
    ),
  swap: size("0MiB", "64GiB")
    .default("1GiB")
    .describe("Swap file of a machine that has no swap; `0MiB`: none."),
  ports: list(wholeNumber(1, 65_535), 0, 50, "ports, such as [51820]")
    .default([])
    .describe("TCP ports that the firewall leaves open besides those of ssh and `proxy`."),
  reboot: z
    .boolean("true or false")
    .meta({ errorMessage: "true or false" })
    .default(false)
    .describe("Whether the machine may restart itself at 04:00 when a security update needs it."),
});

export const host = object({
  docker: text(DOCKER_HOST, "an address such as ssh://deploy@203.0.113.10 or unix:///var/run/docker.sock")
    .optional()
    .describe("Docker Engine. Left out, it is found as the docker command finds it."),
  sshOptions: list(
    anyText("an ssh option: text that is not empty"),
    0,
    40,
    "ssh options, such as [-o, Port=2222]",
  )
    .default([])
    .describe("Options for ssh, when `docker` is an ssh:// address."),
  hostKey: text(
    new RegExp(`^${PUBLIC_KEY}$`),
    "a host's public key, as `tristack host key` prints it: ssh-ed25519 AAAA…",
  )
    .optional()
    .describe(
      "The only key that ssh accepts of the host. Left out, it must be among the known hosts of whoever runs the command.",
    ),
  prepare: prepare
    .prefault({})
    .describe("How `tristack host prepare` makes the machine fit to carry the stack."),
});

export type HostSettings = z.infer<typeof host>;
export type PrepareSettings = z.infer<typeof prepare>;
