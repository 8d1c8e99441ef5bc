/** Scripts of deploy and rollback. */
import assert from "node:assert/strict";
import {
  type StepCase,
  COMMIT,
  VERSION,
  DIGEST,
  contexts,
  changed,
  calls,
  fails,
  REPORT,
} from "./contexts.ts";

export const releases: Record<string, readonly StepCase[]> = {
  ...Object.fromEntries(
    ["staging", "production"].flatMap((stack) => {
      const own: [string, StepCase[]][] = [
        [
          "Deploy",
          [
            calls(
              "brings the digests that were scanned, and keeps the proof",
              `npx tristack deploy ${stack} --version ${VERSION} --commit ${COMMIT}` +
                ` --digest web=${DIGEST("a")} --digest api=${DIGEST("b")} --wait 1800 --json`,
              {
                options: {
                  contexts,
                  env: { GITHUB_SHA: COMMIT },
                  answers: { npx: { says: '{"passed": true}' } },
                },
                check: (ran) => assert.equal(ran.file("deploy.json"), '{"passed": true}'),
              },
            ),
            {
              title: "fails where it was taken back, with its proof",
              options: {
                contexts,
                env: { GITHUB_SHA: COMMIT },
                answers: { npx: { says: '{"passed": false}', exitCode: 1 } },
              },
              exitCode: 1,
              check: (ran) => assert.equal(ran.file("deploy.json"), '{"passed": false}'),
            },
          ],
        ],
        [
          "Its address",
          [
            calls("is the environment's", `npx tristack outputs ${stack} --json`, {
              options: { contexts, answers: { npx: { says: '{"urls": {"web": "https://example.com"}}' } } },
              check: ({ outputs }) => assert.deepEqual(outputs, { url: "https://example.com" }),
            }),
            fails("npx tristack outputs", 1, { contexts }),
          ],
        ],
        [
          "Release at Sentry",
          [
            calls(
              "is of the commit",
              `${REPORT} sentry --version ${VERSION} --environment ${stack} --commit ${COMMIT} --optional`,
              { options: { contexts, env: { GITHUB_SHA: COMMIT } } },
            ),
          ],
        ],
        [
          "Notice",
          [
            calls(
              "tells what became of it",
              `${REPORT} notice --deploy deploy.json --stack ${stack} --version ${VERSION} --optional`,
              { options: { contexts } },
            ),
          ],
        ],
      ];
      return own.map(([name, list]) => [`deploy/${stack}/${name}`, list]);
    }),
  ),
  "deploy/browser/A browser": [calls("is Playwright's", "npx playwright install --with-deps chromium")],
  "deploy/browser/Test staging": [
    calls("is npm's", "npm run test:browser", { options: { contexts } }),
    fails("npm run test:browser", 1, { contexts }),
  ],

  "rollback/rollback/Releases": [
    calls("stand in the log and in the summary", "npx tristack releases production", {
      options: { contexts, answers: { npx: { says: "v2  ann\nv1  ann\n" } } },
      check: (ran) => {
        assert.match(ran.all, /v2 {2}ann/);
        assert.equal(ran.summary, "    v2  ann\n    v1  ann\n");
      },
    }),
  ],
  "rollback/rollback/Rollback": [
    calls("without a release is to the one before", "npx tristack rollback production --wait 1800 --json", {
      options: { contexts },
    }),
    calls(
      "takes whatever was typed as one word",
      "npx tristack rollback production $(id) v1 --wait 1800 --json",
      {
        options: { contexts: changed({ inputs: { release: "$(id) v1" } }) },
        check: ({ calls: [words = []] }) => assert.equal(words[4], "$(id) v1"),
      },
    ),
    fails("npx tristack rollback", 1, { contexts }),
  ],
  "rollback/rollback/Notice": [
    calls(
      "tells who has gone back",
      `${REPORT} notice --text Rollback of production to the release before, by ann --status passed --optional`,
      { options: { contexts } },
    ),
    calls(
      "tells of one that failed",
      `${REPORT} notice --text Rollback of production to v1, by ann --status failed --optional`,
      {
        options: { contexts: changed({ inputs: { release: "v1" }, job: { status: "failure" } }) },
      },
    ),
  ],
};
