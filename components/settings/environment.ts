/** What a stack is for: the same in every target. */
import { z } from "zod";
import { choice, object, time, wholeNumber } from "./value-types.ts";

export const environment = choice("kind", [
  object({ kind: z.literal("local").describe("A developer's machine.") }),
  object({ kind: z.literal("staging").describe("Production's shape with smaller numbers; protected.") }),
  object({ kind: z.literal("production").describe("The real thing; protected.") }),
  object({
    kind: z.literal("preview").describe("Ephemeral, such as one pull request's."),
    expiresAt: time().describe("After this time the environment may be destroyed by anyone's sweep."),
    pullRequest: wholeNumber(1, 10_000_000).optional().describe("The pull request that it belongs to."),
  }),
]).describe("What the stack is for. Data is protected from deletion in staging and production.");
