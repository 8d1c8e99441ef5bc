/** Events of the engine's `preview --refresh`, as its Automation API tells them. */
import type { EngineEvent, OpType, StepEventStateMetadata } from "@pulumi/pulumi/automation/index.js";
import { engineFindings } from "../../cli/drift/engine-findings.ts";
import { StepLog } from "../../cli/drift/steps.ts";

export const CONTAINER = "docker:index/container:Container";
export const VOLUME = "docker:index/volume:Volume";
export const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
/** As the engine's events have a secret. */
export const HIDDEN = {
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  ciphertext: "[secret]",
};

export type Values = Readonly<Record<string, unknown>>;

export const urnOf = (type: string, name: string) => `urn:pulumi:shop::tristack::${type}::${name}`;

export function side(type: string, name: string, inputs: Values): StepEventStateMetadata {
  const common = { type, urn: urnOf(type, name), custom: !type.startsWith("tristack:"), id: "1" };
  return { ...common, parent: "", inputs, outputs: { computed: "by the provider" }, provider: "" };
}

/** @param paths those that the provider says differ */
export function event(
  kind: "resourcePreEvent" | "resOutputsEvent",
  op: OpType,
  [type, name]: readonly [string, string],
  { old, current, paths = [] }: { old?: Values; current?: Values; paths?: readonly string[] },
): EngineEvent {
  const detailedDiff = Object.fromEntries(
    paths.map((path) => [path, { diffKind: "update", inputDiff: false }]),
  );
  const metadata = {
    ...{ op, type, urn: urnOf(type, name), provider: "", detailedDiff },
    ...(old ? { old: side(type, name, old) } : {}),
    ...(current ? { new: side(type, name, current) } : {}),
  };
  return { sequence: 0, timestamp: 0, [kind]: { metadata, planning: true } };
}

export const WEB = [CONTAINER, "web"] as const;
export const refreshed = (of: readonly [string, string], rest: Parameters<typeof event>[3]) =>
  event("resOutputsEvent", "refresh", of, rest);
export const planned = (op: OpType, of: readonly [string, string], rest: Parameters<typeof event>[3]) =>
  event("resourcePreEvent", op, of, rest);

export function found(...events: EngineEvent[]) {
  const log = new StepLog();
  events.forEach(log.add);
  return engineFindings(log.resources, "shop");
}
