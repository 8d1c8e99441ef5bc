/** The script that makes a machine fit to carry a stack: over ssh (`tristack host prepare`) and by cloud-init alike. */
import { readFileSync } from "node:fs";
import type { PrepareSettings } from "../../settings/host.ts";
import { mebibytes } from "../../shared/units.ts";

/** What everybody may reach of a machine whose stacks are not known: the usual ports of `proxy`. */
export const PUBLIC_PORTS = [80, 443] as const;

export interface HostScriptArgs extends PrepareSettings {
  /** Who deploys the stack: created where there is none, and put into the group `docker`. */
  user: string;
  /** Ports that nginx publishes. */
  proxyPorts: readonly number[];
  /** Say what would be changed, and change nothing. @default false */
  dryRun?: boolean;
  /** First wait for cloud-init, unless it is cloud-init that runs the script. @default false */
  wait?: boolean;
}

const PARTS = ["common", "check", "system", "docker", "firewall", "ssh", "prepare"] as const;

/** Text of the script, with what it is told in front. */
export function hostScript(args: HostScriptArgs): string {
  const told = {
    USER_NAME: args.user,
    PUBLIC_KEYS: args.publicKeys.join("\n"),
    DOCKER: args.docker,
    SWAP_MIB: String(mebibytes(args.swap)),
    PORTS: [...new Set([...args.proxyPorts, ...args.ports])].join(" "),
    REBOOT: args.reboot ? "1" : "0",
    DRY_RUN: args.dryRun ? "1" : "0",
    WAIT: args.wait ? "1" : "0",
    SWAP_FILE: "/swapfile",
  };
  // The settings let no letter through that ends a quotation.
  const variables = Object.entries(told).map(([name, value]) => `${name}='${value}'`);
  // The steps come last: what they call must be known by then.
  const parts = PARTS.map((part) => (part === "prepare" ? `${diskWatch()}\n${read(part)}` : read(part)));
  return ["#!/bin/sh", ...variables, ...parts].join("\n");
}

/** A function that prints the disk watch, which the script installs. */
function diskWatch(): string {
  return `disk_watch_text() {\n  cat << 'DISK_WATCH'\n${read("disk-watch")}DISK_WATCH\n}\n`;
}

function read(part: string): string {
  return readFileSync(new URL(`${part}.sh`, import.meta.url), "utf8");
}
