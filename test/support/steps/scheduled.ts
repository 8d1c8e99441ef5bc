/** Scripts of backup, restore-drill and drift. */
import assert from "node:assert/strict";
import { type StepCase, contexts, changed, calls, fails, REPORT } from "./contexts.ts";

export const scheduled: Record<string, readonly StepCase[]> = {
  "backup/backup/Backup": [
    calls("is made now, and told", "npx tristack backup now staging", {
      options: { contexts, answers: { npx: { says: "20261126T014100Z: read back\n" } } },
      check: ({ summary }) => assert.equal(summary, "20261126T014100Z: read back\n"),
    }),
    fails("npx tristack backup now", 1, { contexts }),
  ],
  "backup/backup/Notice": [
    calls(
      "tells that there is none",
      `${REPORT} notice --text No backup of staging could be made --status failed --optional`,
      {
        options: { contexts },
      },
    ),
  ],
  "restore-drill/drill/Drill": [
    calls("restores the newest, and tells", "npx tristack backup drill staging", {
      options: { contexts, answers: { npx: { says: "can be restored\n" } } },
      check: ({ summary }) => assert.equal(summary, "can be restored\n"),
    }),
    fails("npx tristack backup drill", 1, { contexts }),
  ],
  "restore-drill/drill/Notice": [
    calls(
      "tells that it is none",
      `${REPORT} notice --text The newest backup of staging could not be restored --status failed --optional`,
      { options: { contexts } },
    ),
  ],

  "drift/look/Look": [
    calls("leaves a mark where there is none", "npx tristack drift staging --markdown", {
      options: { contexts, answers: { npx: { says: "### staging: no drift\n" } } },
      check: (ran) => {
        assert.equal(ran.file("drift/staging.none"), "");
        assert.equal(ran.file("drift/staging.md"), undefined);
      },
    }),
    {
      title: "keeps what was found, which is no failure",
      options: { contexts, answers: { npx: { says: "### staging: 1 changed\n", exitCode: 1 } } },
      check: (ran) => assert.equal(ran.file("drift/staging.md"), "### staging: 1 changed\n"),
    },
    {
      title: "says so where it could not look",
      options: { contexts, answers: { npx: { exitCode: 1 } } },
      check: (ran) =>
        assert.equal(
          ran.file("drift/staging.md"),
          "### staging\n\nIt could not be looked at: the run says why.\n",
        ),
    },
  ],
  "drift/tell/Open, update or close the issue": [
    calls("closes it where nothing differs", `${REPORT} issue --key drift --close`, {
      options: { contexts, files: { "drift/staging.none": "" } },
    }),
    calls(
      "has in it what differs anywhere",
      `${REPORT} issue --key drift --title What runs is not what the stacks say --file drift.md --label drift`,
      {
        options: { contexts, files: { "drift/production.md": "a\n", "drift/staging.md": "b\n" } },
        check: (ran) => assert.equal(ran.file("drift.md"), "a\nb\n"),
      },
    ),
    {
      title: "is not closed while a stack could not be looked at",
      options: {
        contexts: changed({ needs: { look: { result: "failure" } } }),
        files: { "drift/staging.none": "" },
      },
      check: (ran) =>
        assert.equal(ran.file("drift.md"), "Not every stack could be looked at: the run says why.\n"),
    },
  ],
};
