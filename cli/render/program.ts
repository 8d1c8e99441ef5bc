/**
 * Runs the program for one stack under Pulumi's mocks and sends what it registers to the process that started this one: a
 * process of its own, since Pulumi's runtime holds one stack, and what fails in it fails where nobody can catch it.
 */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type Estimate, estimate } from "../../components/shared/cost.ts";
import { messageOf } from "../errors.ts";
import { CALLS, madeOf, sharedIn } from "./answers.ts";
import { type Registered, record } from "./recorder.ts";

/** What is known of a stack from its file. */
export interface StackInput {
  /** Checkout whose program is run: another one's may be of another time. */
  readonly root: string;
  readonly project: string;
  readonly stack: string;
  /** Settings as Pulumi hands them over, without the project's prefix. */
  readonly raw: Record<string, string>;
  /** Keys with secrets in them. */
  readonly secretKeys: readonly string[];
}

/** What the program registers, and what that is estimated to cost. */
export interface Registration {
  readonly resources: Registered[];
  readonly estimate: Estimate;
}

export type Answer = Registration | { readonly problem: string };

const mocksOf = ({ region }: StackInput["raw"]): pulumi.runtime.Mocks => ({
  call: ({ token }) => CALLS[token] ?? {},
  newResource: ({ type, name, inputs }) => {
    const state = inputs as Record<string, unknown>;
    if (type === "pulumi:pulumi:StackReference")
      return { id: name, state: { ...state, outputs: name === "shared" ? sharedIn(region) : {} } };
    if (type === "random:index/randomPassword:RandomPassword")
      return { id: name, state: { ...state, result: pulumi.secret("generated") } };
    return { id: name, state: { ...madeOf(type, name), ...state } };
  },
});

async function register({ root, project, stack, raw, secretKeys }: StackInput): Promise<Registration> {
  const { default: program } = (await import(join(root, "index.ts"))) as Program;
  await pulumi.runtime.setMocks(mocksOf(raw), project, stack, false, "organization");
  const keyed = Object.entries(raw).map(([key, value]) => [`${project}:${key}`, value]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(keyed) as Record<string, string>,
    secretKeys.map((key) => `${project}:${key}`),
  );
  const resources: Registered[] = [];
  record(resources);
  // What an output waits for in vain is said, and not left out.
  await (pulumi.output(await program()) as unknown as { promise(): Promise<unknown> }).promise();
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return { resources, estimate: await estimated(root, resources) };
}

type Program = typeof import("../../index.ts");

/** By today's prices. What is paid for by use, and elsewhere, the checkout itself knows, unless it is older than that. */
async function estimated(root: string, resources: readonly Registered[]): Promise<Estimate> {
  const usage = join(root, "components", "usage.ts");
  if (!existsSync(usage)) return estimate(resources);
  const { usageOf, paidElsewhere, PAID_ELSEWHERE } = (await import(usage)) as Usage;
  const { readSettings } = (await import(join(root, "components", "settings.ts"))) as SettingsReader;
  const settings = readSettings();
  const known = estimate(resources, usageOf(settings));
  const elsewhere = paidElsewhere?.(settings) ?? PAID_ELSEWHERE[settings.target];
  return { ...known, unpriced: [...known.unpriced, ...elsewhere] };
}

/** An older checkout has no `paidElsewhere`. */
type Usage = Pick<typeof import("../../components/usage.ts"), "usageOf" | "PAID_ELSEWHERE"> &
  Partial<Pick<typeof import("../../components/usage.ts"), "paidElsewhere">>;
type SettingsReader = typeof import("../../components/settings.ts");

function send(answer: Answer): void {
  process.send?.(JSON.stringify(answer), () => process.exit());
}

process.on("unhandledRejection", (error) => send({ problem: messageOf(error) }));
const [input] = (await once(process, "message")) as [string];
send(
  await register(JSON.parse(input) as StackInput).catch((error: unknown) => ({ problem: messageOf(error) })),
);
