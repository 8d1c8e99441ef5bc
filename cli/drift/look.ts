/** Looks at one stack. Nothing is changed, no lock is taken, and nobody's update is in the way. */
import type { ApplicationSettings, Settings } from "../../components/settings.ts";
import { type Carrier, carrierOf } from "../carrier.ts";
import { type StackContext, withDocker } from "../deploy-context.ts";
import { LockedError, type Watch } from "../engine.ts";
import { messageOf } from "../errors.ts";
import { thisMachine } from "../locks.ts";
import type { Deployment } from "../recovery.ts";
import { writtenAt } from "../stack-state.ts";
import { type AtWork, atWork, interruptedFindings } from "./at-work.ts";
import { dockerFindings } from "./docker-look.ts";
import { engineFindings } from "./engine-findings.ts";
import { FINDING_KINDS, type Finding, type StackDrift } from "./finding.ts";
import { proxyFindings } from "./proxy-files.ts";
import { StepLog } from "./steps.ts";

/** Never throws: what kept it from looking is in the result. */
export async function lookAt(context: StackContext, settings: Settings, watch: Watch): Promise<StackDrift> {
  const known = { stack: context.stack, target: settings.target };
  const nothing = { ...known, findings: [], noise: [], warnings: [] };
  let carrier: Carrier | undefined;
  try {
    carrier = isApplication(settings) ? await carrierOf(context, settings) : undefined;
    const before = await atWork(context.engine, carrier);
    if (before.held !== undefined) return { ...nothing, held: before.held };
    const state = (await context.engine.state()) ?? {};
    const seen = await everything(context, settings, state, before, watch);
    // What somebody has changed meanwhile was seen half before and half after.
    const held = await changedMeanwhile(context, carrier, state);
    return held === undefined ? { ...known, ...seen } : { ...nothing, held };
  } catch (error) {
    const held = error instanceof LockedError ? messageOf(error) : await heldNow(context, carrier);
    return held === undefined ? { ...nothing, error: messageOf(error) } : { ...nothing, held };
  }
}

async function everything(
  context: StackContext,
  settings: Settings,
  state: Deployment,
  before: AtWork,
  watch: Watch,
) {
  const { engine, stack } = context;
  const log = new StepLog();
  // What a preview "creates" would frighten whoever asked for a look.
  const say = (line: string) => {
    if (line.startsWith("? reading")) watch.say(line);
  };
  const [preview, beyond, machine] = await Promise.all([
    engine.preview({ ...watch, say }, { refresh: true }, log.add),
    beyondTheEngine(context, settings, state),
    thisMachine(engine.project, before.leftBehind),
  ]);
  const { findings, noise } = engineFindings(log.resources, stack);
  const interrupted = interruptedFindings(stack, state, before, machine, new Date());
  const all = [...interrupted, ...findings, ...beyond].sort(byWeight);
  return { findings: all, noise, warnings: [...new Set(preview.warnings)] };
}

/** What a refresh cannot see. */
async function beyondTheEngine(
  context: StackContext,
  settings: Settings,
  state: Deployment,
): Promise<Finding[]> {
  if (settings.target === "kubernetes") {
    const { clusterFindings } = await import("./cluster-look.ts");
    return clusterFindings(context, settings, state);
  }
  if (settings.target === "aws") {
    const { firewallFindings } = await import("./firewall-look.ts");
    return firewallFindings(state, context.stack);
  }
  if (settings.target !== "vps") return [];
  const withEngine = withDocker(context);
  const [docker, proxy] = await Promise.all([
    dockerFindings(withEngine.docker, context.engine, state),
    proxyFindings(withEngine, state),
  ]);
  return [...docker, ...proxy];
}

async function changedMeanwhile(
  context: StackContext,
  carrier: Carrier | undefined,
  state: Deployment,
): Promise<string | undefined> {
  const { held } = await atWork(context.engine, carrier);
  if (held !== undefined) return held;
  const now = await context.engine.state();
  return now && writtenAt(now) === writtenAt(state)
    ? undefined
    : "an update that has begun and ended while it was looked at";
}

function heldNow(context: StackContext, carrier: Carrier | undefined): Promise<string | undefined> {
  return atWork(context.engine, carrier).then(
    ({ held }) => held,
    // What failed before is told.
    () => undefined,
  );
}

export function isApplication(settings: Settings): settings is ApplicationSettings {
  return ["vps", "kubernetes", "aws"].includes(settings.target);
}

function byWeight(a: Finding, b: Finding): number {
  const rank = ({ kind }: Finding) => FINDING_KINDS.indexOf(kind);
  return rank(a) - rank(b) || (a.resource < b.resource ? -1 : a.resource > b.resource ? 1 : 0);
}
