/** The live part of the outputs: what is learned after an update, and kept with the target. */
import { z } from "zod";

export const time = () => z.iso.datetime("a time in UTC");

/** When something happened, in UTC. */
const at = time().describe("When, in UTC.");

export const statusSchema = z.strictObject({
  lastDeploy: z
    .strictObject({
      at,
      releaseId: z.string().describe("Id of the release that was to be brought."),
      version: z.string().describe("Its version."),
      kind: z.enum(["deploy", "rollback"]).describe("What was done."),
      passed: z.boolean().describe("Whether it serves since; otherwise the one before it was put back."),
      reason: z.string().nullable().describe("Why it did not pass; null if it did."),
      by: z.string().describe("Who ran it, and where."),
      proof: z
        .strictObject({
          requests: z.int().min(0).describe("Requests of the probe, from before the update to the end."),
          failed: z
            .int()
            .min(0)
            .describe("Those with status 500 or higher, a timeout or a connection error."),
          retried: z
            .int()
            .min(0)
            .describe("GETs repeated once, their connection having been closed unanswered."),
          p99Milliseconds: z.number().min(0).describe("Time within which 99 of 100 were answered."),
          traffic: z
            .strictObject({
              requests: z
                .int()
                .min(0)
                .describe("Answers that nginx logged for the new release, the probe's included."),
              failed: z.int().min(0).describe("Those with status 500 or higher."),
            })
            .describe("What everybody saw of the new release until the end of the bake."),
          seconds: z.record(z.string(), z.number()).describe("Seconds by phase, and `total`."),
        })
        .describe("What was measured through the rollout."),
    })
    .nullable()
    .describe("The last deploy; null before the first."),
  lastBackup: z
    .strictObject({ at, bytes: z.int().min(0).describe("Size.") })
    .nullable()
    .describe("The last backup; null before the first."),
  lastVerifiedRestore: z
    .strictObject({ at, passed: z.boolean().describe("Whether it could be restored.") })
    .nullable()
    .describe("The last trial of restoring a backup; null before the first."),
  lastStateCopy: z
    .strictObject({ at, bytes: z.int().min(0).describe("Size.") })
    .nullable()
    .describe("The last copy of the stack's state that is beside the backups; null before the first."),
  certificate: z
    .strictObject({
      at,
      passed: z
        .boolean()
        .describe("Whether the issuer gave a certificate, or the one at hand is not due yet."),
      reason: z.string().nullable().describe("Why it did not pass; null if it did."),
      notAfter: time().describe("End of the certificate that is served since, in UTC."),
      serial: z.string().describe("Its serial number, in hexadecimal digits."),
      issuer: z.string().describe("Who signed it."),
    })
    .nullable()
    .describe("The last time that a certificate was asked for; null before the first."),
});
