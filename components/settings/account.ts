/** What an account of AWS has once, for all stacks in it: who may deploy, where images are, how much may be spent. */
import { z } from "zod";
import { environment } from "./environment.ts";
import { amount, awsRegion, list, object, text, wholeNumber } from "./value-types.ts";

const REPOSITORY = /^[A-Za-z0-9][\w.-]{0,38}\/[\w.-]{1,100}$/;

const github = object({
  repository: text(REPOSITORY, "a repository of GitHub, such as myorg/myapp").describe(
    "Whose workflows may deploy.",
  ),
  environments: list(
    text(/^[\w.-]{1,100}$/, "an environment of the repository, such as production"),
    1,
    20,
    "environments of the repository, such as [staging, production]",
  ).describe("Environments of GitHub: a role each, which jobs of that environment alone can take."),
});

const budget = object({
  monthlyUsd: amount(1, 1_000_000, "USD").describe("What a month may cost."),
  emails: list(
    text(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "an e-mail address"),
    1,
    10,
    "e-mail addresses, such as [ops@example.com]",
  ).describe("Who is told: at 80 %, at 100 %, and when the month is heading beyond it."),
});

export const accountSchema = object({
  target: z
    .literal("account")
    .describe(
      "What the stack is: `account` is what an account of AWS has once, before any stack of the target `aws`: registries of images, roles for GitHub, a budget.",
    ),
  environment,
  region: awsRegion().describe("Where the registries are. Changing it makes them anew."),
  repositories: list(
    text(/^[a-z0-9]+(?:[._/-][a-z0-9]+)*$/, "a name of a repository, such as myapp/web"),
    0,
    50,
    "names of repositories, such as [myapp/web, myapp/api]",
  )
    .default([])
    .describe("Repositories of ECR, one for each service's images."),
  keepImages: wholeNumber(5, 1000)
    .default(50)
    .describe("Images kept in each; older ones are deleted. A rollback needs its own."),
  github: github.optional().describe("Who deploys. Left out, nobody does from GitHub."),
  budget: budget.optional().describe("Left out, nobody is told what it costs."),
});
