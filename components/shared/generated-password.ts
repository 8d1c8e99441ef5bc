/** The passwords of PostgreSQL and Redis: made up once, kept encrypted in Pulumi's state, never in the settings. */
import type * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";

/** 32 letters and digits (190 bits): no character that a URL or a configuration file would take for something else. */
export function generatedPassword(name: string, opts: pulumi.CustomResourceOptions): pulumi.Output<string> {
  return new RandomPassword(name, { length: 32, special: false }, opts).result;
}
