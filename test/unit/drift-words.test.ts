/** Drift as text, JSON and Markdown: what is said, how much of it, and what is not. */
import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { describe, it } from "mocha";
import type { StackDrift } from "../../cli/drift/finding.ts";
import { driftJson, driftMarkdown, driftText } from "../../cli/drift/words.ts";
import { MARKDOWN_LENGTH } from "../../cli/plan/plan-markdown.ts";
import { HIDDEN, WEB, found, refreshed } from "../support/drift-events.ts";

describe("drift in words", () => {
  const nothing = { findings: [], noise: [], warnings: [] };
  const drifted: StackDrift = {
    ...{ stack: "shop", target: "vps", ...nothing },
    ...found(refreshed(WEB, { old: { a: 1, "b`": HIDDEN }, current: { a: 2 }, paths: ["a", '["b`"]'] })),
  };
  const held: StackDrift = {
    stack: "busy",
    target: "aws",
    ...nothing,
    held: "tristack deploy by ann@ci (pid 7)",
  };
  const broken: StackDrift = { stack: "gone", target: "host", ...nothing, error: "no such host" };
  const clean: StackDrift = { stack: "calm", target: "kubernetes", ...nothing };

  it("is text", () => {
    assert.equal(
      stripVTControlCharacters([drifted, held, broken, clean].map(driftText).join("\n")),
      `shop (vps): 1 finding: 1 changed
  changed docker Container web: no update would undo it: the program leaves it alone
      ["b\`"]: [secret] -> none
      a: 1 -> 2
      -> npx pulumi refresh --stack shop
busy (aws): not looked at: somebody changes it at the moment
  held by tristack deploy by ann@ci (pid 7)
gone (host): could not be looked at
  no such host
calm (kubernetes): no drift`,
    );
  });

  it("is JSON that tells drift from what could not be looked at", () => {
    const { stacks } = JSON.parse(JSON.stringify(driftJson([drifted, held, broken, clean]))) as {
      stacks: { stack: string; drifted: boolean; findings: unknown[]; error?: string; held?: string }[];
    };
    assert.deepEqual(
      stacks.map(({ stack, drifted, findings, error, held }) => [
        stack,
        drifted,
        findings.length,
        error,
        held,
      ]),
      [
        ["shop", true, 1, undefined, undefined],
        ["busy", false, 0, undefined, "tristack deploy by ann@ci (pid 7)"],
        ["gone", false, 0, "no such host", undefined],
        ["calm", false, 0, undefined, undefined],
      ],
    );
  });

  it("is the text of an issue, in which nothing means anything to Markdown", () => {
    assert.equal(
      driftMarkdown([drifted, clean], "tristack drift --json"),
      `## Drift

### \`shop\` (vps)

**1 finding: 1 changed**

- **changed** \`docker Container web\`: \`no update would undo it: the program leaves it alone\`
  - \`\` ["b\`"] \`\`: \`[secret]\` → none
  - \`a\`: \`1\` → \`2\`
  - mended by \`npx pulumi refresh --stack shop\`

### \`calm\` (kubernetes)

**no drift**

Nothing was changed by looking. What each kind of finding means: docs/drift.md.
`,
    );
  });

  it("is an issue of 64,000 characters at most, the weightiest first, and says what is left out", () => {
    const [one] = drifted.findings;
    assert.ok(one);
    const findings = Array.from({ length: 3000 }, (_, index) => ({
      ...one,
      resource: `docker Container ${index}`,
    }));
    const missing = {
      ...one,
      kind: "missing" as const,
      resource: "docker Container postgres",
      properties: [],
    };
    const text = driftMarkdown(
      [
        { ...drifted, findings: [missing, ...findings] },
        { ...broken, error: "x".repeat(100_000) },
      ],
      "tristack drift --json",
    );
    assert.ok(text.length <= MARKDOWN_LENGTH, `${text.length}`);
    assert.match(text, /\*\*missing\*\* `docker Container postgres`/);
    assert.match(text, /\d+ more are left out[^\n]+`tristack drift --json` shows them/);
    assert.match(text, /`gone`[^]*could not be looked at/);
  });
});
