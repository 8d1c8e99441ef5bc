/** How two versions of a resource's properties differ, place by place. */
import assert from "node:assert/strict";
import { propertyChanges, propertyText } from "../../cli/plan/properties.ts";
import { Secret, maskedInputs } from "../../cli/plan/secret.ts";
import { valueWords } from "../../cli/plan/words.ts";

/** `path: before -> after` of each change, as JSON has it. */
function changes(before: unknown, after: unknown): string[] {
  return propertyChanges(before, after).map(
    ({ path, before: old, after: current }) =>
      `${propertyText(path)}: ${JSON.stringify(old) ?? "nothing"} -> ${JSON.stringify(current) ?? "nothing"}`,
  );
}

describe("the changes of properties", () => {
  const cases: [string, unknown, unknown, string[]][] = [
    ["nothing", { a: [1, { b: "c" }] }, { a: [1, { b: "c" }] }, []],
    ["another value, deep down", { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, ["a.c: 2 -> 3"]],
    [
      "one that has come, and one that has gone",
      { a: 1 },
      { b: { c: 2 } },
      ["a: 1 -> nothing", 'b: nothing -> {"c":2}'],
    ],
    [
      "names that are no words",
      { "pulumi.com/x": "1" },
      { "pulumi.com/x": "2" },
      ['["pulumi.com/x"]: "1" -> "2"'],
    ],
    ["another kind of value", { a: [1] }, { a: { b: 1 } }, ['a: [1] -> {"b":1}']],
    ["a list's only entry", { a: ["x"] }, { a: ["y"] }, ['a: "x" -> "y"']],
    [
      "what a list has more, wherever it stands",
      { a: ["x", "z"] },
      { a: ["w", "x", "z"] },
      ['a: nothing -> "w"'],
    ],
    [
      "variables by their names",
      { envs: ["A=1", "B=2", "C=3"] },
      { envs: ["B=3", "A=1", "D=4"] },
      ['envs: "B=2" -> "B=3"', 'envs: "C=3" -> nothing', 'envs: nothing -> "D=4"'],
    ],
    [
      "another order, where nothing else differs",
      { a: ["x", "y"] },
      { a: ["y", "x"] },
      ['a: ["x","y"] -> ["y","x"]'],
    ],
    [
      "entries by their names, wherever they stand",
      {
        containers: [
          { name: "web", image: "a" },
          { name: "api", image: "b" },
        ],
      },
      {
        containers: [
          { name: "api", image: "c" },
          { name: "web", image: "a" },
        ],
      },
      ['containers[api].image: "b" -> "c"'],
    ],
    [
      "entries by number, where they have no name of their own",
      { rules: [{ from: 80 }, { from: 443 }] },
      { rules: [{ from: 80 }, { from: 444 }, { from: 22 }] },
      ["rules[1].from: 443 -> 444", 'rules[2]: nothing -> {"from":22}'],
    ],
    [
      "what a document in a text says",
      { policy: '{"Statement":[{"Sid":"Read","Action":["s3:Get"]}]}' },
      { policy: '{"Statement":[{"Sid":"Read","Action":["s3:Get","s3:Put"]}]}' },
      ['policy.Statement[Read].Action: nothing -> "s3:Put"'],
    ],
    [
      "documents that say the same in other words",
      { p: '{"a":1}' },
      { p: '{ "a": 1 }' },
      ['p: "{\\"a\\":1}" -> "{ \\"a\\": 1 }"'],
    ],
  ];
  for (const [name, before, after, expected] of cases)
    it(`of ${name}`, () => assert.deepEqual(changes(before, after), expected));

  it("say that a secret is another one, and never which", () => {
    const [one, other] = [new Secret("hunter2"), new Secret("hunter3")];
    assert.deepEqual(changes({ a: one }, { a: new Secret("hunter2") }), []);
    assert.deepEqual(changes({ a: one }, { a: other }), ['a: "[secret]" -> "[secret]"']);
    assert.deepEqual(changes({ a: ["x", one] }, { a: ["x", other] }), ['a: "[secret]" -> "[secret]"']);
    assert.deepEqual(changes({ a: one }, { a: "plain" }), ['a: "[secret]" -> "plain"']);
    assert.deepEqual(changes({ a: { b: 1 } }, { a: one }), ['a: {"b":1} -> "[secret]"']);
  });
});

describe("the inputs of a plan", () => {
  it("have no secret in them, marked or not", () => {
    const inputs = {
      password: { secret: "hunter2" },
      list: ["kept", { secret: { deep: "hunter2" } }],
      // A volume of Kubernetes, and no secret.
      source: { secret: { name: "files" } },
      url: "postgres://app:hunter2@db/app",
      text: "kept",
    };
    const masked = maskedInputs({ inputs, secretPaths: [["password"], ["list", 1]] });
    assert.deepEqual(JSON.parse(JSON.stringify(masked)), {
      password: "[secret]",
      list: ["kept", "[secret]"],
      source: { secret: { name: "files" } },
      url: "[secret]",
      text: "kept",
    });
    assert.doesNotMatch(String(masked.password), /hunter/);
  });
});

describe("the words of values", () => {
  it("are short, and show where long ones begin to differ", () => {
    const digest = "0123456789abcdef".repeat(4);
    const long = "x".repeat(100);
    assert.deepEqual(valueWords(undefined, `sha256:${digest}`), {
      before: undefined,
      after: "sha256:0123456789ab…",
    });
    assert.deepEqual(valueWords("", ["a"]), { before: '""', after: '["a"]' });
    assert.match(valueWords(`${long}a`, `${long}b`).before ?? "", /^…x{20}a$/);
    assert.match(valueWords(`${long}a`, undefined).before ?? "", /^x{60}…$/);
    const text = valueWords("VARIABLE=a\nb", "VARIABLE=a\nc");
    assert.match(text.before ?? "", /^VARIABLE=text of 2 lines \([0-9a-f]{8}\)$/);
    assert.notEqual(text.before, text.after);
    assert.deepEqual(valueWords(new Secret("a"), new Secret("b")), { before: "[secret]", after: "[secret]" });
    assert.deepEqual(valueWords({ a: new Secret("hunter2") }, undefined).before, '{"a":"[secret]"}');
  });
});
