/**
 * Runs the program for one stack under Pulumi's mocks and sends what it registers to the process that started this one: a
 * process of its own, since Pulumi's runtime holds one stack, and what fails in it fails where nobody can catch it.
 */
import * as pulumi from "@pulumi/pulumi";
import { getOneMessage, sendMessage } from "execa";
import program from "../../index.ts";
import { messageOf } from "../errors.ts";
import { CALLS, madeOf, sharedIn } from "./aws-answers.ts";
import { type Registered, record } from "./recorder.ts";

/** What is known of a stack from its file. */
export interface StackInput {
  readonly project: string;
  readonly stack: string;
  /** Settings as Pulumi hands them over, without the project's prefix. */
  readonly raw: Record<string, string>;
  /** Keys with secrets in them. */
  readonly secretKeys: readonly string[];
}

export type Registration = { readonly resources: Registered[] } | { readonly problem: string };

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

async function register({ project, stack, raw, secretKeys }: StackInput): Promise<Registered[]> {
  await pulumi.runtime.setMocks(mocksOf(raw), project, stack, false, "organization");
  const keyed = Object.entries(raw).map(([key, value]) => [`${project}:${key}`, value]);
  pulumi.runtime.setAllConfig(
    Object.fromEntries(keyed) as Record<string, string>,
    secretKeys.map((key) => `${project}:${key}`),
  );
  const resources: Registered[] = [];
  record(resources);
  await program();
  await (pulumi.runtime as unknown as { waitForRPCs(): Promise<void> }).waitForRPCs();
  return resources;
}

async function answer(registration: Registration): Promise<never> {
  await sendMessage(JSON.stringify(registration));
  process.exit();
}

process.on("unhandledRejection", (error) => void answer({ problem: messageOf(error) }));
const input = JSON.parse((await getOneMessage()) as string) as StackInput;
await answer(
  await register(input).then(
    (resources) => ({ resources }),
    (error: unknown) => ({ problem: messageOf(error) }),
  ),
);
