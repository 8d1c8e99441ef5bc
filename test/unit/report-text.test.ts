/** What a report says: cut where it is too long, without secrets, escaped for Slack. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { cutMarkdown } from "../../cli/hosting/cut-markdown.ts";
import { hasMarker, marker, parseKey, sameBody, withMarker } from "../../cli/hosting/marker.ts";
import { masked } from "../../cli/hosting/masked.ts";
import { BODY_LENGTH, reportBody } from "../../cli/hosting/report-body.ts";
import { slackMessage } from "../../cli/hosting/slack.ts";
import { MARKDOWN_LENGTH } from "../../cli/plan/plan-markdown.ts";

const note = (left: number, all: number) => `(${left} of ${all} left out)`;
const folder = mkdtempSync(join(tmpdir(), "tristack-report-text-"));
after(() => rmSync(folder, { recursive: true }));

describe("Markdown that is cut", () => {
  const cut = (text: string, limit: number) => cutMarkdown(text, limit, note).text;

  it("is as it was where it is short enough", () => {
    assert.deepEqual(cutMarkdown("a\nb", 3, note), { text: "a\nb", left: 0 });
  });

  it("ends with a whole line, and says how much is left out", () => {
    const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
    const { text, left } = cutMarkdown(lines.join("\n"), 100, note);
    assert.match(text, /^line 0\n[^]*line 10\n\n\(19 of 30 left out\)\n$/);
    assert.equal(left, 19);
    assert.equal(text.length + "\nline 11".length > 100, true);
  });

  const filler = "x".repeat(200);
  const cases: [string, string, string][] = [
    ["a block of code", "```diff\n+ a", "```diff\n+ a\n```"],
    ["a longer fence, with a shorter one in it", "````\n```\na", "````\n```\na\n````"],
    ["code with a fence in a diff", "```diff\n- ```\n+ ````", "```diff\n- ```\n+ ````\n```"],
    ["tildes", "~~~\na\n```", "~~~\na\n```\n~~~"],
    ["code in a list", "- b\n\n  ```\n  a", "- b\n\n  ```\n  a\n  ```"],
    ["code that begins an entry of a list", "- ```\n  a", "- ```\n  a\n  ```"],
    ["code in a quotation", "> ```\n> a", "> ```\n> a\n> ```"],
    ["details", "<details><summary>s</summary>\n\na", "<details><summary>s</summary>\n\na\n</details>"],
    ["code in details", "<details>\n\n```\na", "<details>\n\n```\na\n```\n</details>"],
    [
      "details in details",
      "<details>\n<details open>\na",
      "<details>\n<details open>\na\n</details>\n</details>",
    ],
    [
      "preformatted text, as pulumi/actions has it",
      "<details>\n<pre>\n```\na",
      "<details>\n<pre>\n```\na\n</pre>\n</details>",
    ],
    ["a comment", "a\n<!-- b", "a\n<!-- b\n-->"],
    [
      "nothing, where all is closed",
      "```\na\n```\n<details>\n</details>\nb",
      "```\na\n```\n<details>\n</details>\nb",
    ],
    ["nothing, where elements are only spoken of", "`<details>` and ``<pre>``", "`<details>` and ``<pre>``"],
    ["nothing, where a quotation ended", "> ```\n> a\n\nb", "> ```\n> a\n\nb"],
    ["nothing, where an entry of a list ended", "- ```\n  a\nb", "- ```\n  a\nb"],
    ["nothing, where the line is code within a line", "```a``` b", "```a``` b"],
  ];
  for (const [what, start, result] of cases)
    it(`closes ${what}`, () => {
      const room = result.length + note(999, 999).length + 3;
      assert.equal(
        cut(`${start}\n${filler}\n${filler}`, room + 20),
        `${result}\n\n${note(2, start.split("\n").length + 2)}\n`,
      );
    });

  it("of a single line ends with a whole character", () => {
    const text = cut("😀".repeat(100), 61);
    assert.ok(text.length <= 61 && text.isWellFormed(), text);
    assert.match(text, /^😀+\n\n\(1 of 1 left out\)\n$/u);
  });

  it("is never longer than it may be", () => {
    const line = fc.oneof(
      fc.constantFrom(
        "```",
        "````js",
        "~~~",
        "> ```",
        "- ```",
        "<details>",
        "</details>",
        "<pre>",
        "</pre>",
        "<!--",
        "-->",
        "",
      ),
      fc.string({ unit: "grapheme", maxLength: 60 }),
    );
    const property = fc.property(
      fc.array(line, { maxLength: 40 }),
      fc.integer({ min: 60, max: 400 }),
      (lines, limit) => {
        const text = lines.join("\n");
        const result = cutMarkdown(text, limit, note);
        assert.ok(result.text.length <= limit, `${result.text.length} > ${limit}`);
        if (result.left > 0)
          assert.ok(
            result.text.endsWith(`\n\n(${result.left} of ${text.trimEnd().split("\n").length} left out)\n`),
          );
      },
    );
    fc.assert(property, { numRuns: 500 });
  });
});

describe("the body of a report", () => {
  const text = `# Plan\n\n${"- `aws Bucket`: a change\n".repeat(6000)}`;

  it("is 64,000 characters at most with its marker, and all of it is in the run's summary", () => {
    const summary = join(folder, "summary.md");
    writeFileSync(summary, "before\n");
    const env = {
      GITHUB_STEP_SUMMARY: summary,
      GITHUB_SERVER_URL: "https://github.test",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_RUN_ID: "12",
      TRISTACK_SECRET_A: "aws Bucket",
    };
    const room = marker("comment", "dev").length + 1;
    const { text: body, left } = reportBody(text, env, room);
    const whole = withMarker("comment", "dev", body);
    assert.ok(whole.length <= BODY_LENGTH && whole.length > BODY_LENGTH - 300, String(whole.length));
    assert.match(
      body,
      new RegExp(
        `_${left} of 6002 lines .*\\[the run's summary\\]\\(https://github\\.test/acme/shop/actions/runs/12\\)`,
      ),
    );
    const all = readFileSync(summary, "utf8");
    assert.equal(all.split("\n").length, 6004);
    assert.doesNotMatch(all, /aws Bucket/);
    assert.match(all, /^before\n# Plan\n\n- `\[secret\]`: a change\n/);
  });

  it("has room for the longest plan and the longest marker", () => {
    const longest = marker("comment", parseKey("k".repeat(100))).length + 1;
    assert.equal(reportBody("x".repeat(MARKDOWN_LENGTH), {}, longest).left, 0);
  });

  it("names no summary where there is none, and has no colours", () => {
    assert.match(reportBody(text, {}, 40).text, /lines are left out, since this has an end\._\n$/);
    assert.deepEqual(reportBody("\u001b[31mred\u001b[0m\r\n", {}, 40), { text: "red", left: 0 });
  });
});

describe("a marker", () => {
  it("is the first line, all of it", () => {
    const of = (body: string) => hasMarker(body, "comment", "dev");
    assert.ok(of("<!-- tristack:comment:dev -->\r\na") && of("<!-- tristack:comment:dev -->"));
    for (const other of ["dev-tokyo", "de", "dev -", "Dev"])
      assert.ok(!of(withMarker("comment", other, "a")), other);
    assert.ok(!of(withMarker("issue", "dev", "a")));
    assert.ok(!of(`> ${marker("comment", "dev")}`) && !of(`a\n${marker("comment", "dev")}`) && !of(""));
  });

  it("does not care how lines end", () => {
    assert.ok(sameBody("a\r\nb\r\n", "a\nb") && !sameBody("a", "b") && !sameBody(null, "b"));
  });
});

describe("a text that leaves", () => {
  it("has no value of a secret variable, and every other word", () => {
    const env = {
      TRISTACK_SECRET_A: "4711",
      MY_API_KEY: "abcdefgh",
      SSH_KEY: "short",
      PASSWORD_HASH: "12345678",
      HOME: "/home/somebody",
    };
    assert.equal(
      masked("4711 abcdefgh short 12345678 /home/somebody", env),
      "[secret] [secret] short [secret] /home/somebody",
    );
  });

  it("has the longer of two secrets masked, not the rest of it", () => {
    const env = { TRISTACK_SECRET_A: "hunter", TRISTACK_SECRET_B: "hunter2-longer" };
    assert.equal(masked("hunter2-longer", env), "[secret]");
  });

  it("has no secret in JSON, in a URL, in base64, in HTML, line by line, or out of a file", () => {
    const secret = 'a "quoted"\nand <b>&</b> line';
    const env = { TRISTACK_SECRET_A: secret };
    const forms = [
      JSON.stringify(secret),
      encodeURIComponent(secret),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url"),
      "a &quot;quoted&quot; and &lt;b&gt;&amp;&lt;/b&gt; line",
      "and <b>&</b> line",
    ];
    for (const form of [...forms.slice(0, 4), ...forms.slice(5)])
      assert.match(masked(`x ${form} y`, env), /^x "?\[secret\]=*"? y$/, form);
    const file = join(folder, "passphrase");
    writeFileSync(file, "correct horse battery\n");
    assert.equal(masked("correct horse battery", { PULUMI_CONFIG_PASSPHRASE_FILE: file }), "[secret]");
  });

  it("has nothing in it that looks like a key", () => {
    const key = "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----";
    assert.equal(masked(`a ${key} b`, {}), "a [secret] b");
    assert.equal(masked("postgres://app:hunter2@db/app", {}), "postgres://app:[secret]@db/app");
    assert.equal(
      masked(`a ghs_${"a".repeat(36)} github_pat_${"a".repeat(40)} b`, {}),
      "a [secret] [secret] b",
    );
    const harmless = "https://shop.example.com:8443/a@b and 10:30@home";
    assert.equal(masked(harmless, {}), harmless);
  });
});

describe("a notice in Slack", () => {
  const message = (title: string, lines: string[], link?: string) =>
    slackMessage({ status: "failed", title, lines, link });

  it("mentions nobody and links nowhere because of what is told", () => {
    const { text, blocks } = message(
      "<!channel> & <b>",
      ["<https://evil.test|here>"],
      "https://a.test/?x=1&y",
    );
    assert.equal(
      text,
      ":x: &lt;!channel&gt; &amp; &lt;b&gt;\n&lt;https://evil.test|here&gt;\n<https://a.test/?x=1&amp;y|More>",
    );
    assert.deepEqual(blocks, [
      { type: "header", text: { type: "plain_text", text: ":x: <!channel> & <b>", emoji: true } },
      { type: "section", text: { type: "mrkdwn", text: "&lt;https://evil.test|here&gt;" } },
      { type: "section", text: { type: "mrkdwn", text: "<https://a.test/?x=1&amp;y|More>" } },
    ]);
  });

  it("is no longer than Slack takes, and no entity is cut in two", () => {
    const { blocks } = message("😀".repeat(200), ["&".repeat(4000)]);
    const [header, words] = blocks.map((block) => block.text.text);
    assert.ok([...(header ?? "")].length <= 150 && header?.isWellFormed());
    assert.ok((words ?? "").length <= 3000);
    assert.match(words ?? "", /^(&amp;)+…$/);
  });
});
