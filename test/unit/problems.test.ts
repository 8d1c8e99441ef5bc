/** How problems are put into words. */
import assert from "node:assert/strict";
import {
  holdsCredentials,
  nearest,
  pathText,
  problemLine,
  problemOf,
  report,
  valueText,
} from "../../components/shared/problems.ts";

describe("problems", () => {
  it("are a line: where, what is there, what is needed", () => {
    const problem = { key: "a.b", value: "0", need: "a number from 1" };
    assert.equal(problemLine(problem), "a.b is 0; needs a number from 1");
    assert.equal(report("File", [problem]), "File has 1 problem:\n  a.b is 0; needs a number from 1");
    assert.match(report("File", [problem, problem]), /^File has 2 problems:\n/);
  });

  it("name places as Pulumi's --path does", () => {
    assert.equal(pathText(["services", "web", "routes", 0]), "services.web.routes[0]");
    assert.equal(pathText(["environment", "a.b"]), 'environment["a.b"]');
    assert.equal(pathText(["odd key", "x"]), '["odd key"].x');
    assert.equal(pathText([]), "");
  });

  it("show values so that they cannot be mistaken", () => {
    const shown: [unknown, string][] = [
      [undefined, "missing"],
      [null, "empty"],
      [0, "0"],
      [true, "true"],
      ["true", '"true"'],
      ["missing", '"missing"'],
      ["", '""'],
      ["1", '"1"'],
      ["aws", "aws"],
      ["/api", "/api"],
      ["a b", '"a b"'],
      ["a\nb\u001b[31m", '"a\\nb\\u001b[31m"'],
      [["secret"], "a list"],
      [[], "an empty list"],
      [{ password: "secret" }, "an object"],
      ["postgres://app:hunter2@db", "[secret]"],
      ["x".repeat(61), `${"x".repeat(60)}…`],
    ];
    for (const [value, text] of shown) assert.equal(valueText(value), text);
  });

  it("never show what lies under a hidden key, but say when it is missing", () => {
    const hidden = new Set(["secrets"]);
    const input = { secrets: { A: "marker", L: ["marker"] }, other: 1 };
    const value = (...path: (string | number)[]) => problemOf({ path, need: "x" }, input, { hidden }).value;
    assert.equal(value("secrets"), "[secret]");
    assert.equal(value("secrets", "A"), "[secret]");
    assert.equal(value("secrets", "L", 0), "[secret]");
    assert.equal(value("secrets", "B"), "missing");
    assert.equal(value("other"), "1");
  });

  it("know credentials when they see them", () => {
    const passwords = [
      "postgres://app:hunter2@db/app",
      "redis://:hunter2@cache",
      "-----BEGIN RSA PRIVATE KEY-----",
      `AKIA${"A".repeat(16)}`,
      `ghp_${"a".repeat(36)}`,
      "sk_live_abc",
      "xoxb-1-2",
    ];
    for (const text of passwords) assert.equal(holdsCredentials(text), true, text);
    const harmless = [
      "https://shop.example.com:8443/a@b",
      "https://key@sentry.example/1",
      "phc_abc",
      "10:30@home",
      "a: //b:c @d",
    ];
    for (const text of harmless) assert.equal(holdsCredentials(text), false, text);
  });

  it("guess what was meant, and do not guess wildly", () => {
    const words = ["replicas", "routes", "port", "environment", "memory"];
    const guesses: [string, string | undefined][] = [
      ["replica", "replicas"],
      ["Replicas", "replicas"],
      ["rotues", "routes"],
      ["prot", "port"],
      ["env", "environment"],
      ["memroy", "memory"],
      ["image", undefined],
      ["po", undefined],
      ["x", undefined],
    ];
    for (const [word, meant] of guesses) assert.equal(nearest(word, words), meant, word);
    assert.equal(nearest("web", []), undefined);
  });
});
