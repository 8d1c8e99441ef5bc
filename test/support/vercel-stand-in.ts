/**
 * Stands in for Vercel's SDK, which nobody has to install: the classes that the recorded form (vercel-sdk.json) describes.
 * It is stricter than the package, which drops what it does not know.
 */
import * as pulumi from "@pulumi/pulumi";
import form from "./vercel-sdk.json" with { type: "json" };
import type { ResourceForm } from "./vercel-form.ts";

type Args = Readonly<Record<string, unknown>>;

const resources: Readonly<Record<string, ResourceForm>> = form.resources;

function resource(name: string) {
  const known = formOf(name);
  return class extends pulumi.CustomResource {
    constructor(of: string, args: Args, opts?: pulumi.CustomResourceOptions) {
      super(known.type, of, taken(name, known, args), opts);
    }
  };
}

function formOf(name: string): ResourceForm {
  const known = resources[name];
  if (!known) throw new Error(`no form of ${name}`);
  return known;
}

/** What the package would register. */
function taken(name: string, { inputs, required, secrets }: ResourceForm, args: Args): Args {
  for (const key of required) if (args[key] === undefined) throw new Error(`${name} without ${key}`);
  const entries = Object.entries(args).map(([key, value]) => {
    const inner = inputs[key];
    if (inner === undefined) throw new Error(`${name} has no input ${key}`);
    for (const below of inner ? Object.keys(value ?? {}) : [])
      if (!inner?.includes(below)) throw new Error(`${name} has no input ${key}.${below}`);
    return [key, secrets.includes(key) && value ? pulumi.secret(value) : value];
  });
  return Object.fromEntries(entries) as Args;
}

export const Project = resource("Project");
export const ProjectDomain = resource("ProjectDomain");
export const ProjectEnvironmentVariable = resource("ProjectEnvironmentVariable");
export const ProjectRoute = resource("ProjectRoute");

export class Provider extends pulumi.ProviderResource {
  constructor(of: string, args: Args, opts?: pulumi.ResourceOptions) {
    const known = formOf("Provider");
    super(known.type, of, taken("Provider", known, args), opts);
  }
}

export function getDomainConfigOutput(args: pulumi.Inputs, opts?: pulumi.InvokeOutputOptions) {
  return pulumi.runtime.invokeOutput(form.functions.getDomainConfig.token, args, opts);
}
