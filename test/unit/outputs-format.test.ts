/** The outputs as a shell and as a job of GitHub read them: by those who read them, not by their looks. */
import assert from "node:assert/strict";
import { execa } from "execa";
import { githubLines, shellLines } from "../../cli/outputs-format.ts";
import { goodOutputs } from "../support/outputs.ts";

const AWKWARD = {
  urls: { web: "https://x.example/it's $HOME `id` \\n" },
  database: { secretRef: "two\nlines\n" },
  backup: null,
  protected: true,
  kubeconfig: "a\r\nb=c\n\nEND",
  services: [{ name: "api" }],
  release: { digests: { "my-api": "sha256:1", my_api: "sha256:2" } },
};

/** What a shell makes of the lines, as JSON. */
async function sourced(lines: readonly string[]): Promise<Record<string, string>> {
  const script = `set -a; ${lines.join("\n")}\nexec "$0" -p 'JSON.stringify(process.env)'`;
  const { stdout } = await execa("sh", ["-c", script, process.execPath], { extendEnv: false });
  const all = Object.entries(JSON.parse(stdout) as Record<string, string>);
  return Object.fromEntries(all.filter(([name]) => name.startsWith("TRISTACK_")));
}

/** As the runner reads the file: https://github.com/actions/runner, src/Runner.Worker/FileCommandManager.cs */
function asRunner(text: string): Record<string, string> {
  const lines = text.split("\n");
  const found: Record<string, string> = {};
  while (lines.length > 0) {
    const line = lines.shift() ?? "";
    if (line === "") continue;
    const [, name = "", end] = /^([^=]*?)<<(.+)$/.exec(line) ?? [];
    if (end === undefined) found[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
    else {
      const until = lines.indexOf(end);
      assert.ok(until >= 0, `no end of ${name}`);
      found[name] = lines
        .splice(0, until + 1)
        .slice(0, -1)
        .join("\n");
    }
  }
  return found;
}

describe("outputs --format", () => {
  it("env is what a shell takes for the same values", async () => {
    assert.deepEqual(await sourced(shellLines(AWKWARD)), {
      TRISTACK_URLS_WEB: AWKWARD.urls.web,
      TRISTACK_DATABASE_SECRET_REF: AWKWARD.database.secretRef,
      TRISTACK_BACKUP: "",
      TRISTACK_PROTECTED: "true",
      TRISTACK_KUBECONFIG: AWKWARD.kubeconfig,
      TRISTACK_SERVICES: '[{"name":"api"}]',
      TRISTACK_RELEASE_DIGESTS: JSON.stringify(AWKWARD.release.digests),
    });
  });

  it("github is what a runner takes for the same values, and json for all of them", () => {
    const found = asRunner(`${githubLines(AWKWARD).join("\n")}\n`);
    assert.deepEqual(found, {
      urls_web: AWKWARD.urls.web,
      database_secret_ref: AWKWARD.database.secretRef,
      backup: "",
      protected: "true",
      kubeconfig: AWKWARD.kubeconfig,
      services: '[{"name":"api"}]',
      release_digests: JSON.stringify(AWKWARD.release.digests),
      json: JSON.stringify(AWKWARD),
    });
  });

  it("has another name for each value of a stack", () => {
    // What a stack exports has no Output left in it here.
    const outputs = JSON.parse(JSON.stringify(goodOutputs())) as Record<string, unknown>;
    for (const lines of [shellLines(outputs), githubLines(outputs)]) {
      const names = lines.map((line) => line.slice(0, line.indexOf("=")));
      assert.equal(new Set(names).size, names.length);
      for (const name of names) assert.match(name, /^[A-Za-z_]\w*$/);
    }
  });

  it("lets no value write another output", () => {
    const planted = "x\nEND_0\nurls_web=https://evil.example\nother<<END_0\ny";
    const found = asRunner(githubLines({ urls: { web: "https://good.example" }, note: planted }).join("\n"));
    assert.deepEqual(Object.keys(found).sort(), ["json", "note", "urls_web"]);
    assert.equal(found.urls_web, "https://good.example");
  });
});
