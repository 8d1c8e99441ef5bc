/** The web on Vercel, beside services that run at AWS. */
import { z } from "zod";
import type { AwsSettings } from "../settings.ts";
import { path } from "./application.ts";
import { HOST_NAME, anyText, choice, list, map, object, oneOf, text, variableName } from "./value-types.ts";

export const web = choice("on", [
  object({
    on: z
      .literal("vercel")
      .describe(
        "Vercel has `domain`, builds the web from Git by itself, and hands on to the services what is theirs. " +
          "Needs the package that docs/aws.md names, and VERCEL_API_TOKEN in the environment.",
      ),
    repository: text(/^[\w.-]+(\/[\w.-]+)+$/, "a repository, such as myorg/shop").describe(
      "Where the web's source is. Vercel's app has to be let into it first, by hand.",
    ),
    git: oneOf(["github", "gitlab", "bitbucket"]).default("github").describe("Who hosts `repository`."),
    productionBranch: text(/^[\w./-]+$/, "a branch, such as main")
      .default("main")
      .describe("Branch that is built for `domain`: each push to it is a deployment."),
    root: text(/^[\w.-]+(\/[\w.-]+)*$/, "a folder of the repository, such as apps/web")
      .optional()
      .describe("Folder of the web in the repository. Left out, it is all of it."),
    framework: text(/^[a-z0-9-]+$/, "a framework as Vercel calls it, such as nextjs")
      .default("nextjs")
      .describe("How it is built; what differs from Vercel's way stands in vercel.json in `root`."),
    team: text(/^[\w-]+$/, "a team of Vercel, by slug or id")
      .optional()
      .describe("Team that the project is in. Left out, it is the token's own account."),
    project: text(
      /^[a-z0-9][a-z0-9._-]{0,99}$/,
      "a name of lower-case letters, digits and . _ -, at most 100",
    )
      .optional()
      .describe("Name of the project at Vercel. Default: the names of project and stack with - between."),
    apiDomain: text(HOST_NAME, "a host name in lower case, such as api.shop.example.com")
      .optional()
      .describe(
        "Public name of the services, which the web's own server asks. Default: `api.` before `domain`. In `dns.zone`.",
      ),
    routes: list(path(), 0, 50, "paths, such as [/api/web]")
      .default([])
      .describe("Paths below routes of services that the web answers all the same; the longest match wins."),
    environment: map(
      variableName(),
      anyText("text that is not empty: quote numbers, true and false"),
      "names and texts",
    )
      .default({})
      .describe(
        "Environment variables that are no secrets, besides ENVIRONMENT and API_INTERNAL_URL, the URL of `apiDomain`. " +
          "The next deployment gets what is changed.",
      ),
    secrets: list(variableName(), 0, 100, "names under secrets")
      .default([])
      .describe("Secrets given as sensitive environment variables, which nobody can read at Vercel."),
    previews: oneOf(["none", "protected", "public"])
      .default("none")
      .describe(
        "Deployments of other branches and pull requests, which get the same variables and services: none, for members of " +
          "the team alone, or for everybody. Unless `public`, nothing but `domain` is open to everybody.",
      ),
    uses: list(oneOf(["database", "cache"]), 0, 2, "of: database, cache")
      .default([])
      .describe("Nothing: Vercel reaches no private network. Beside services it is what they connect to."),
  }),
]);

/** The public name of what the stack itself runs: the domain, unless a web on Vercel has that one. */
export function ownDomain({ domain, web: elsewhere }: Pick<AwsSettings, "domain" | "web">): string {
  return elsewhere ? (elsewhere.apiDomain ?? `api.${domain}`) : domain;
}
