/** A plan as text, JSON and Markdown: what is said, what is not, and how much of it. */
import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { planJson } from "../../cli/plan/plan-json.ts";
import { MARKDOWN_LENGTH, planMarkdown } from "../../cli/plan/plan-markdown.ts";
import { planText } from "../../cli/plan/plan-text.ts";
import type { ComparedPlan } from "../../cli/plan/stack-plan.ts";
import { costWords } from "../../cli/plan/words.ts";
import type { Registered } from "../../cli/render/recorder.ts";
import { COST, comparedPlan, planned, registered } from "../support/planned.ts";

const CONTAINER = "docker:index/container:Container";
const COMMAND = "tristack plan --against main";
const OTHER = { ref: "main", commit: "abc1234", root: "/nowhere" };
const markdown = (plans: readonly ComparedPlan[], limit?: number) =>
  planMarkdown("## Plan, against main (abc1234)", plans, ["A remark."], COMMAND, limit);
const text = (plan: ComparedPlan) => stripVTControlCharacters(planText(plan));

const container = (name: string, inputs: Registered["inputs"]) => registered(CONTAINER, name, inputs);
const volume = (name: string) => registered("docker:index/volume:Volume", name, { driver: "local" });

describe("a plan that is compared", () => {
  const plan = comparedPlan(
    "production",
    [container("web", { image: "a`b", envs: ["A=1"] }), container("old", {}), volume("data")],
    [container("web", { image: "c", envs: ["A=1", "B=2"] }), container("new", {})],
  );

  it("is a list of changes for the terminal, what loses data named before", () => {
    assert.equal(
      text(plan),
      `production (vps): 1 replaced, 2 deleted, 1 created, 0 unchanged
  nothing of it has a price of its own
  Data is lost: docker Volume data (deleted)
  - deleted docker Volume data
  ± replaced docker Container web
      + envs: B=2 (replaces)
      ~ image: a\`b -> c (replaces)
  - deleted docker Container old
  + created docker Container new`,
    );
  });

  it("is a section of a comment, in which no value means anything to Markdown", () => {
    assert.equal(
      markdown([plan]),
      `## Plan, against main (abc1234)

### \`production\` (vps)

> [!CAUTION]
> Data is lost: \`docker Volume data (deleted)\`

**1 replaced, 2 deleted, 1 created, 0 unchanged**; nothing of it has a price of its own

- **deleted** \`docker Volume data\`
- **replaced** \`docker Container web\`
  - \`envs\`: \`B=2\` added, which replaces it
  - \`image\`: \`\` a\`b \`\` → \`c\`, which replaces it
- **deleted** \`docker Container old\`
- **created** \`docker Container new\`

A remark.
`,
    );
  });

  it("is data for programs", () => {
    const { against, stacks } = planJson([plan], OTHER);
    assert.deepEqual(against, { ref: "main", commit: "abc1234" });
    assert.partialDeepStrictEqual(stacks[0]?.comparison, {
      unchanged: 0,
      changes: [
        { kind: "deleted", name: "data", losesData: true },
        {
          kind: "replaced",
          urn: `urn:pulumi:test::tristack::${CONTAINER}::web`,
          properties: [{ path: "envs", after: "B=2", replaces: true }, { path: "image" }],
        },
        { kind: "deleted", name: "old", losesData: false },
        { kind: "created", name: "new" },
      ],
    });
  });

  it("says why it could not be, and what a new stack costs", () => {
    const broken = { ...plan, comparison: { problem: "no\nprogram" } };
    assert.match(text(broken), /not compared: no\nprogram/);
    assert.match(markdown([broken]), /\*\*Not compared:\*\* `no program`/);
    assert.equal(
      costWords({ monthlyUsd: 214.3, unpriced: [] }, { monthlyUsd: 191.2, unpriced: [] }),
      "191.20 -> 214.30 USD a month (+23.10)",
    );
    assert.equal(
      costWords({ monthlyUsd: null, unpriced: [] }, { monthlyUsd: 5, unpriced: [] }),
      "5.00 -> 0.00 USD a month (-5.00)",
    );
    assert.equal(costWords({ monthlyUsd: 5, unpriced: [] }, null), "0.00 -> 5.00 USD a month (+5.00)");
    assert.equal(costWords({ monthlyUsd: 5, unpriced: [] }), "5.00 USD a month");
    assert.equal(costWords(COST), "nothing of it has a price of its own");
  });
});

describe("a plan alone", () => {
  const component = { parent: "web", parentType: "tristack:docker:Service" };
  const resources = planned(
    registered("tristack:docker:Service", "web", {}, { custom: false }),
    registered(CONTAINER, "web-0", {}, component),
    volume("data"),
  );
  const plan = {
    stack: "test",
    target: "vps",
    resources,
    cost: { monthlyUsd: 5, unpriced: ["host"] },
    standIn: false,
    cluster: null,
  };

  it("is a tree for the terminal, and a list in a comment", () => {
    assert.equal(
      text(plan),
      `test (vps): 2 resources, 5.00 USD a month; not in it: host
  docker Volume data
  tristack Service web
    docker Container web-0`,
    );
    assert.match(
      markdown([plan]),
      /2 resources, 5\.00 USD a month\n\n- `docker Volume data`\n- `docker Container web-0`\n/,
    );
  });
});

describe("no form of a plan", () => {
  it("has a secret in it, changed or not, come or gone", () => {
    const secrets = (which: string) => ({
      changed: { secret: `${which}-hunter2` },
      [which]: { secret: "hunter2" },
      url: `https://user:${which}-hunter2@example.com`,
      kept: { secret: "hunter2" },
    });
    const plan = comparedPlan(
      "s",
      [container("it", secrets("one"))],
      [container("it", secrets("other")), container("new", secrets("x"))],
    );
    const forms = [
      text(plan),
      markdown([plan]),
      JSON.stringify(planJson([plan], OTHER)),
      text({ ...plan, comparison: undefined }),
    ];
    for (const form of forms) assert.doesNotMatch(form, /hunter/);
    assert.match(
      forms[0] ?? "",
      /~ changed: \[secret\] -> \[secret\]\n.*- one: \[secret\]\n.*\+ other: \[secret\]\n.*~ url: \[secret\] -> \[secret\]/,
    );
    assert.match(forms[1] ?? "", /`changed`: `\[secret\]` → `\[secret\]`/);
    assert.match(forms[2] ?? "", /"path":"changed","before":"\[secret\]","after":"\[secret\]"/);
  });
});

describe("a comment's end", () => {
  const many = (stack: string, count: number, kind: "created" | "deleted") => {
    const all = Array.from({ length: count }, (_, index) =>
      container(`${stack}-${kind}-${index}`, { image: "x" }),
    );
    return kind === "created" ? comparedPlan(stack, [], all) : comparedPlan(stack, all, []);
  };

  it("comes between resources, with a sentence in each stack that is cut", () => {
    const comment = markdown([many("one", 3000, "created"), many("two", 3000, "created")]);
    assert.ok(
      comment.length <= MARKDOWN_LENGTH && comment.length > MARKDOWN_LENGTH - 200,
      String(comment.length),
    );
    assert.match(comment, /### `one` \(vps\)[^]*### `two` \(vps\)/);
    const left = [
      ...comment.matchAll(/^(\d+) more are left out, since a comment has an end: `(.+)` shows them\.$/gm),
    ];
    assert.equal(left.length, 2);
    assert.equal(left[0]?.[2], COMMAND);
    const shown = comment.match(/^- \*\*created\*\* `docker Container \w+-created-\d+`$/gm) ?? [];
    assert.equal(shown.length + Number(left[0]?.[1]) + Number(left[1]?.[1]), 6000);
    assert.match(comment, /A remark\.\n$/);
  });

  it("leaves out what is created before what is deleted, whichever stack it is of", () => {
    const comment = markdown([many("one", 200, "created"), many("two", 20, "deleted")], 2000);
    assert.ok(comment.length <= 2000, String(comment.length));
    assert.equal(comment.match(/\*\*deleted\*\*/g)?.length, 20);
    assert.match(comment, /^\d+ more are left out/m);
  });

  it("leaves out stacks where even their headings have no room, and says so", () => {
    const comment = markdown(
      Array.from({ length: 100 }, (_, index) => many(`stack-${index}`, 1, "created")),
      3000,
    );
    assert.ok(comment.length <= 3000, String(comment.length));
    const [, left] = /^Of stacks, (\d+) more are left out/m.exec(comment) ?? [];
    assert.equal((comment.match(/^### /gm) ?? []).length + Number(left), 100);
  });

  it("comes within a resource after twenty properties", () => {
    const inputs = (value: string) =>
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`key${index}`, value]));
    const comment = markdown([
      comparedPlan("s", [container("it", inputs("a"))], [container("it", inputs("b"))]),
    ]);
    assert.equal(comment.match(/`a` → `b`/g)?.length, 20);
    assert.match(comment, /and 10 more properties/);
  });
});
