/** Pages for people: every link, anchor, file, heading and command in them is there. */
import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { createProgram } from "../../cli/main.ts";
import { anchorsOf, parsePage, readPage } from "../support/page.ts";
import { commandsIn, problemWith } from "../support/page-commands.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FILES = [
  "README.md",
  ...globSync(["docs/*.md", "examples/**/README.md", "bench/README.md", "toolchain/README.md"], {
    cwd: ROOT,
    exclude: ["**/node_modules/**"],
  }).sort(),
];
const PAGES = FILES.map(readPage);
const program = await createProgram();
/** Files of this checkout, in whatever sentence. */
const FILE =
  /(?<![\w./<-])(?:docs|cli|components|scripts|test|toolchain|bench|policy|schemas|examples)\/[\w./-]*\.(?:tsx?|mjs|js|md|json|yaml|sh|py)\b/g;

describe("the documentation", () => {
  for (const page of PAGES) {
    const at = (line: number, what: string) => `${page.file}:${line}: ${what}`;
    const isThere = (path: string) => existsSync(join(ROOT, path));

    it(`${page.file}: links and anchors lead somewhere`, () => {
      const dead = page.links.flatMap(({ target, line }) => {
        if (/^[a-z]+:/.test(target)) return [];
        const [path = "", anchor] = target.split("#", 2);
        const file = path === "" ? page.file : relative(ROOT, join(ROOT, dirname(page.file), path));
        if (!isThere(file)) return [at(line, target)];
        if (anchor === undefined || !existsSync(join(ROOT, file))) return [];
        return anchorsOf(readPage(file)).includes(anchor) ? [] : [at(line, target)];
      });
      assert.deepEqual(dead, []);
    });

    it(`${page.file}: files and headings that it names are there`, () => {
      const missing = [...page.lines].flatMap(([line, text]) => [
        ...[...text.matchAll(FILE)].flatMap(([file]) =>
          isThere(file) || isThere(join(dirname(page.file), file)) ? [] : [at(line, file)],
        ),
        ...[...text.matchAll(/(docs\/\w+\.md), "([^"]+)"/g)].flatMap(([, file = "", heading = ""]) =>
          isThere(file) && readPage(file).headings.includes(heading)
            ? []
            : [at(line, `${file}, "${heading}"`)],
        ),
      ]);
      assert.deepEqual(missing, []);
    });

    it(`${page.file}: the commands that it shows exist, with these options`, () => {
      const wrong = commandsIn(page, "tristack").flatMap((shown) => {
        const problem = problemWith(program, shown);
        return problem === undefined ? [] : [at(shown.line, `tristack ${shown.words.join(" ")}: ${problem}`)];
      });
      assert.deepEqual(wrong, []);
    });

    it(`${page.file}: npm knows the scripts that it names`, () => {
      const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { scripts: object };
      const ofTheSample = /^examples\/app/.test(page.file) ? ["dev", "build"] : [];
      const known = [...Object.keys(scripts), ...ofTheSample];
      const unknown = commandsIn(page, "npm").flatMap(({ words, line }) => {
        const [verb, ...rest] = words.filter((word) => word !== "--silent");
        const name = verb === "run" ? rest[0] : verb === "start" || verb === "test" ? verb : undefined;
        return name === undefined || known.includes(name) ? [] : [at(line, `npm ${words.join(" ")}`)];
      });
      assert.deepEqual(unknown, []);
    });
  }
});

describe("the test of the documentation", () => {
  const page = (markdown: string) => parsePage("x.md", markdown);
  const problems = (markdown: string) =>
    commandsIn(page(markdown), "tristack").map((shown) => problemWith(program, shown));

  it("finds commands in blocks, behind assignments, pipes and npx, and in sentences", () => {
    const markdown = [
      "Try `tristack status production` or `npx tristack nonsense`.",
      "```sh",
      "A=1 npx tristack outputs production --json | jq -r .urls.web",
      'eval "$(npx tristack outputs production --format env)" && curl "$X"',
      "npx tristack backup list production    what there is",
      "npx tristack deploy production # without a version",
      "```",
    ].join("\n");
    assert.deepEqual(
      commandsIn(page(markdown), "tristack").map(({ words, line }) => `${line} ${words.join(" ")}`),
      [
        "3 outputs production --json",
        "4 outputs production --format env",
        "5 backup list production",
        "6 deploy production",
        "1 status production",
        "1 nonsense",
      ],
    );
  });

  it("sees commands, options, arguments and choices that there are not", () => {
    const block = (line: string) => problems(`\`\`\`\n${line}\n\`\`\``)[0];
    assert.equal(block("tristack nonsense"), "there is no command nonsense");
    assert.equal(block("tristack status production --colour"), "status has no option --colour");
    assert.equal(block("tristack deploy production"), "deploy needs --version <version>");
    assert.equal(block("tristack status"), "status needs stack");
    assert.equal(block("tristack status a b"), "status takes no b");
    assert.equal(block("tristack backup burn production"), "backup does not know burn");
    assert.equal(block("tristack deploy production --version v1 --bake 0"), undefined);
    assert.deepEqual(problems("`tristack deploy|rollback|burn`"), ["there is no command burn"]);
  });

  it("knows anchors as GitHub makes them", () => {
    const markdown = "# Rules, and their exceptions\n## `tristack plan`: what\n## [Aa](b) c\n## Aa c\n";
    assert.deepEqual(anchorsOf(page(markdown)), [
      "rules-and-their-exceptions",
      "tristack-plan-what",
      "aa-c",
      "aa-c-1",
    ]);
  });
});

describe("docs/troubleshooting.md", () => {
  /** As a program says it: texts that are put together from several are one, whatever stands in between is not. */
  const said = globSync(["cli/**/*.ts", "components/**/*.{ts,sh}", "toolchain/*.ts"], { cwd: ROOT })
    .map((file) => readFileSync(join(ROOT, file), "utf8"))
    .join("\n")
    .replace(/["'`]\s*\+\s*["'`]/g, "")
    .replaceAll("\\`", "`");
  const page = readPage("docs/troubleshooting.md");

  for (const [line, text] of page.lines) {
    const [, message] = /^\| `([^`]+)`\s+\|/.exec(text) ?? [];
    if (message === undefined) continue;
    it(`line ${line}: the code says: ${message}`, () => {
      const parts = message.split("…").map((part) => part.trim().replace(/^[\s.,;:/()%]+|[\s(/]+$/g, ""));
      const missing = parts.filter((part) => part.length > 3 && !said.includes(part));
      assert.deepEqual(missing, []);
    });
  }
});
