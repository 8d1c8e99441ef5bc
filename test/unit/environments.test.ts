/** Environments: their names, their time, their settings, and what a sweep takes. No engine, no backend. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { execa } from "execa";
import { after, before, describe, it } from "mocha";
import { parse } from "yaml";
import { edgeAliases, edgeScript } from "../../components/docker/edge.ts";
import { chooseForSweep, pullRequestNumbers } from "../../cli/environments/choice.ts";
import { type Environment, environmentOf } from "../../cli/environments/find.ts";
import { environmentName, protectedName } from "../../cli/environments/names.ts";
import { candidates, publishedPorts } from "../../cli/environments/ports.ts";
import {
  type EnvironmentRecord,
  extendedExpiry,
  parseTag,
  tagText,
  utc,
} from "../../cli/environments/record.ts";
import { readSeed } from "../../cli/environments/seed.ts";
import {
  TEMPLATE,
  environmentSettings,
  isMade,
  keepingSecrets,
  readTemplate,
  removeMade,
  writeMade,
} from "../../cli/environments/template.ts";
import { CliError } from "../../cli/errors.ts";
import { type Project, parseStackFile, readProject, readStackFile } from "../../cli/project.ts";
import { allMissingSecrets, requireApplication } from "../../cli/stack-settings.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const project = readProject();
const NOW = new Date("2026-11-26T12:00:00Z");
const refusal = (message: RegExp) => (error: unknown) =>
  error instanceof CliError && error.exitCode === 2 && message.test(error.message);

describe("the name of an environment", () => {
  it("is that of its pull request unless another is given", () => {
    assert.deepEqual(environmentName(undefined, 42), { stack: "pr-42", name: "pr-42", pullRequest: 42 });
    assert.deepEqual(environmentName("pr-42", undefined).pullRequest, 42);
    assert.deepEqual(environmentName("demo", 42), { stack: "demo", name: "demo", pullRequest: 42 });
    assert.equal(environmentName("myorg/shop/pr-7", undefined).name, "pr-7");
  });

  const wrong: [string | undefined, number | undefined, RegExp][] = [
    [undefined, undefined, /name is missing; needs the environment's name, or --pull-request/],
    ["pr-42", 43, /--pull-request: 43; needs to be 42, or another name/],
    ["Demo", undefined, /name: "Demo"; needs lower-case letters/],
    ["a.b", undefined, /needs lower-case letters, digits and -/],
    ["demo-", undefined, /needs lower-case letters/],
    ["d".repeat(31), undefined, /at most 30/],
    ["preview", undefined, /and not preview/],
  ];
  for (const [name, number, message] of wrong)
    it(`is refused as ${name ?? "nothing"}${number === undefined ? "" : ` with ${number}`}`, () =>
      assert.throws(() => environmentName(name, number), refusal(message)));

  for (const name of [
    "staging",
    "production",
    "prod",
    "live",
    "Production",
    "staging-eu",
    "prod.eu",
    "org/shop/staging",
  ])
    it(`is never ${name}`, () => {
      assert.match(protectedName(name) ?? "", /protected by its name/);
      assert.throws(() => environmentName(name, undefined), refusal(/protected by its name/));
    });

  it("may begin with the letters of a protected one", () => {
    for (const name of ["product-page", "livery", "stages"]) assert.equal(protectedName(name), undefined);
  });
});

describe("what is kept with the stack", () => {
  const record: EnvironmentRecord = {
    expiresAt: "2026-12-01T00:00:00Z",
    createdAt: "2026-11-24T00:00:00Z",
    pullRequest: 9_999_999,
    template: "examples/previews/kubernetes.yaml",
    ports: [24_998, 24_999],
    seeded: true,
  };

  it("comes back from the tag as it was, and fits into one of Pulumi Cloud's", () => {
    assert.deepEqual(parseTag(tagText(record)), record);
    assert.ok(tagText(record).length <= 256);
  });

  it("is refused where a template's path does not fit", () =>
    assert.throws(
      () => tagText({ ...record, template: "a/".repeat(120) }),
      refusal(/--template: .*shorter path/),
    ));

  it("is nothing where somebody else has written the tag", () => {
    for (const text of [
      undefined,
      "",
      "yes",
      "{}",
      '{"template":"x","expiresAt":"soon","createdAt":"2026-01-01T00:00:00Z"}',
    ])
      assert.equal(parseTag(text), undefined, text);
  });

  it("has its time extended from now, and never shortened", () => {
    assert.equal(extendedExpiry(undefined, "7d", NOW), "2026-12-03T12:00:00Z");
    assert.equal(extendedExpiry("2026-11-27T00:00:00Z", "7d", NOW), "2026-12-03T12:00:00Z");
    assert.equal(extendedExpiry("2026-12-24T00:00:00Z", "7d", NOW), "2026-12-24T00:00:00Z");
    assert.equal(extendedExpiry("2020-01-01T00:00:00Z", "30m", NOW), "2026-11-26T12:30:00Z");
    assert.equal(utc(new Date("2026-11-26T12:00:00.987Z")), "2026-11-26T12:00:00Z");
  });
});

describe("which stacks are environments", () => {
  const root = (outputs: object) => ({
    resources: [{ urn: "u", type: "pulumi:pulumi:Stack", outputs: outputs as Record<string, unknown> }],
  });
  const record = { expiresAt: "2026-12-01T00:00:00Z", createdAt: "2026-11-24T00:00:00Z", template: TEMPLATE };

  it("those that up has made, be it that nothing came of it", () =>
    assert.deepEqual(environmentOf("pr-42", { ...record, pullRequest: 42 }, {}), {
      stack: "pr-42",
      name: "pr-42",
      pullRequest: 42,
      url: null,
      version: null,
      createdAt: record.createdAt,
      updatedAt: null,
      expiresAt: record.expiresAt,
    }));

  it("those whose last update was of the kind preview", () => {
    const made = environmentOf(
      "by-hand",
      undefined,
      root({
        environment: { kind: "preview" },
        expiresAt: "2026-11-01T00:00:00Z",
        urls: { web: "https://by-hand.example.com" },
        release: { version: "v1" },
      }),
    );
    assert.deepEqual(
      [made?.expiresAt, made?.url, made?.version, made?.pullRequest],
      ["2026-11-01T00:00:00Z", "https://by-hand.example.com", "v1", null],
    );
  });

  it("one with the name of a pull request and nothing in it, of which nobody knows when it expires", () =>
    assert.deepEqual(environmentOf("pr-7", undefined, {})?.expiresAt, null));

  it("none of another kind, whatever its tag and its name say", () => {
    for (const kind of ["production", "staging", "local"]) {
      assert.equal(environmentOf("pr-7", record, root({ environment: { kind } })), undefined, kind);
      assert.equal(environmentOf("shop", record, root({ environment: { kind } })), undefined, kind);
    }
    assert.equal(environmentOf("shop", undefined, {}), undefined);
    assert.equal(
      environmentOf("pr-7", undefined, root({})),
      undefined,
      "something is in it, and nothing tells what",
    );
  });
});

describe("what a sweep takes", () => {
  const one = (name: string, pullRequest: number | null, expiresAt: string | null): Environment => ({
    ...{ stack: name, name, pullRequest, expiresAt },
    ...{ url: null, version: null, createdAt: null, updatedAt: null },
  });
  const all = [
    one("pr-1", 1, "2026-11-26T12:00:00Z"),
    one("pr-2", 2, "2026-11-26T12:00:01Z"),
    one("pr-3", 3, null),
    one("demo", null, "2026-11-20T00:00:00Z"),
    one("kept", null, "2027-01-01T00:00:00Z"),
  ];
  const names = (order: Omit<Parameters<typeof chooseForSweep>[1], "now">, now = NOW) =>
    chooseForSweep(all, { now, ...order }).map(({ environment }) => environment.name);

  it("is what has expired, to the second", () => assert.deepEqual(names({}), ["pr-1", "demo"]));

  it("is more a second later", () =>
    assert.deepEqual(names({}, new Date(NOW.getTime() + 1000)), ["pr-1", "pr-2", "demo"]));

  it("is what belongs to a closed pull request, expired or not", () =>
    assert.deepEqual(names({ closed: new Set([2, 3, 99]) }), ["pr-1", "pr-2", "pr-3", "demo"]));

  it("is what belongs to none of the open ones; what belongs to no pull request stays until it expires", () =>
    assert.deepEqual(names({ open: new Set([2]) }), ["pr-1", "pr-3", "demo"]));

  it("tells why", () =>
    assert.deepEqual(
      chooseForSweep(all, { now: NOW, closed: new Set([3]) }).map(({ reason }) => reason),
      ["expired at 2026-11-26T12:00:00Z", "pull request 3 is closed", "expired at 2026-11-20T00:00:00Z"],
    ));

  it("reads numbers as lists and as lines, and refuses an empty list", () => {
    assert.deepEqual([...pullRequestNumbers("--open", "7,9")], [7, 9]);
    assert.deepEqual([...pullRequestNumbers("--open", "7\n#9\n")], [7, 9]);
    assert.deepEqual([...pullRequestNumbers("--open", "none\n")], []);
    for (const text of ["", "\n", "seven", "7;9", "0", "null"])
      assert.throws(
        () => pullRequestNumbers("--open", text),
        refusal(/--open: .*needs numbers of pull requests/),
        text,
      );
  });
});

describe("settings from a template", () => {
  const made = (path = TEMPLATE, ports?: [number, number]) => {
    const environment = { name: "pr-42", pullRequest: 42 };
    const kept = { expiresAt: "2026-12-01T00:00:00Z", ports };
    return environmentSettings(project, readTemplate(project, path), environment, kept);
  };

  for (const path of [TEMPLATE, "examples/previews/kubernetes.yaml", "examples/previews/aws.yaml"])
    it(`${path}: are good, and those of the environment`, async () => {
      const file = parseStackFile(project, "pr-42", made(path));
      const release = { ...file, config: { ...file.config, release: { version: "v1" } } };
      const settings = await requireApplication(project, "pr-42", release, allMissingSecrets(file));
      assert.deepEqual(settings.environment, {
        kind: "preview",
        expiresAt: "2026-12-01T00:00:00Z",
        pullRequest: 42,
      });
      assert.equal(settings.domain, "pr-42.preview.example.com");
      assert.equal(settings.services.web?.environment.API_URL, "https://pr-42.preview.example.com");
      assert.deepEqual(allMissingSecrets(file), ["SECRET_KEY"]);
      assert.ok(isMade(file));
    });

  it("have the ports that were chosen, and an address with them", () => {
    const { config } = parseStackFile(project, "pr-42", made(TEMPLATE, [20_084, 20_085]));
    assert.deepEqual(config.proxy, { edge: "tristack-edge", httpPort: 20_084, httpsPort: 20_085 });
    assert.ok(JSON.stringify(config.services).includes("https://pr-42.preview.example.com:20085"));
  });

  it("leave out a pull request that there is none of", () => {
    const text = environmentSettings(
      project,
      readTemplate(project, TEMPLATE),
      { name: "demo" },
      { expiresAt: "2026-12-01T00:00:00Z" },
    );
    assert.deepEqual(parseStackFile(project, "demo", text).config.environment, {
      kind: "preview",
      expiresAt: "2026-12-01T00:00:00Z",
    });
  });

  it("fill in names and leave other braces alone", () => {
    const text =
      "config:\n  tristack:environment: {kind: preview}\n  tristack:domain: p.example.com\n  tristack:a: '{name} {domain} {url} {other}'\n";
    const { config } = parseStackFile(
      project,
      "pr-1",
      environmentSettings(project, { path: "t.yaml", text }, { name: "pr-1" }, { expiresAt: "x" }),
    );
    assert.equal(config.a, "pr-1 pr-1.p.example.com https://pr-1.p.example.com {other}");
  });

  it("are refused from a template of another kind or without a domain, both at once", () => {
    const text = "config:\n  tristack:environment: {kind: production}\n";
    assert.throws(
      () => environmentSettings(project, { path: "t.yaml", text }, { name: "pr-1" }, { expiresAt: "x" }),
      refusal(/t\.yaml: environment\.kind is production; needs preview\nt\.yaml: domain is missing/),
    );
  });

  it("are refused from a template that is not there, or elsewhere", () => {
    for (const path of ["nowhere.yaml", "../x.yaml", "/etc/hostname"])
      assert.throws(
        () => readTemplate(project, path),
        refusal(/--template: .*needs a file of this checkout/),
        path,
      );
  });
});

describe("the settings file of an environment", () => {
  let place: Project;
  const text =
    "# Made by `tristack environment` from x; a change is lost.\nconfig:\n  tristack:domain: a.example.com\n";

  before(() => {
    place = { root: mkdtempSync(join(tmpdir(), "tristack-env-")), name: "tristack" };
  });
  after(() => rmSync(place.root, { recursive: true }));

  it("keeps the secrets of an earlier run with what decrypts them", () => {
    const old = `${text}  tristack:secrets:\n    KEY:\n      secure: abc\nencryptionsalt: v1:salt\n`;
    const kept = keepingSecrets(place, text, parseStackFile(place, "pr-1", old));
    assert.deepEqual(parse(kept), {
      config: { "tristack:domain": "a.example.com", "tristack:secrets": { KEY: { secure: "abc" } } },
      encryptionsalt: "v1:salt",
    });
    assert.equal(
      keepingSecrets(place, `${text}encryptionsalt: v1:own\n`, parseStackFile(place, "pr-1", old)),
      `${text}encryptionsalt: v1:own\n`,
    );
    assert.equal(keepingSecrets(place, text, undefined), text);
  });

  it("takes the place of none that somebody has written, and such a one is never removed", () => {
    const own = join(place.root, "Pulumi.pr-2.yaml");
    writeFileSync(own, "config: {}\n");
    assert.throws(() => writeMade(place, "pr-2", text), refusal(/was not made by/));
    removeMade(place, "pr-2");
    assert.equal(readFileSync(own, "utf8"), "config: {}\n");
  });

  it("goes with the environment", () => {
    writeMade(place, "pr-3", text);
    assert.equal(isMade(readStackFile(place, "pr-3")), true);
    removeMade(place, "pr-3");
    assert.equal(readStackFile(place, "pr-3"), undefined);
  });
});

describe("ports of an environment", () => {
  it("are another pair for each of 2,500 pull requests, below those of outgoing connections", () => {
    const pairs = Array.from({ length: 2500 }, (_, number) => {
      const [first] = candidates(`pr-${number + 1}`);
      return first ?? assert.fail();
    });
    assert.equal(new Set(pairs.flat()).size, 5000);
    assert.ok(pairs.flat().every((port) => port >= 20_000 && port < 32_768));
  });

  it("are tried one after the other, each pair once", () =>
    assert.equal(new Set([...candidates("demo")].map(String)).size, 2500));

  it("are read from what docker says", () =>
    assert.deepEqual(
      [
        ...publishedPorts(
          "0.0.0.0:80->8080/tcp, :::443->8443/tcp\n\n127.0.0.1:9000-9002->9000-9002/tcp\n5432/tcp",
        ),
      ],
      [80, 443, 9000, 9001, 9002],
    ));
});

describe("a seed", () => {
  const folder = mkdtempSync(join(tmpdir(), "tristack-seed-"));
  after(() => rmSync(folder, { recursive: true }));
  const kindOf = async (content: Buffer) => {
    const file = join(folder, "seed");
    writeFileSync(file, content);
    const { kind, packed } = await readSeed(file);
    return `${kind}${packed ? ", packed" : ""}`;
  };

  it("is told by how it begins, and not by its name", async () => {
    const [sql, dump] = [Buffer.from("INSERT INTO a VALUES (1);\n"), Buffer.from("PGDMP\u0001rest")];
    assert.equal(await kindOf(sql), "sql");
    assert.equal(await kindOf(gzipSync(sql)), "sql, packed");
    assert.equal(await kindOf(dump), "dump");
    assert.equal(await kindOf(gzipSync(dump)), "dump, packed");
    assert.equal(await kindOf(Buffer.alloc(0)), "sql");
  });

  it("is refused where it cannot be read", async () => {
    await assert.rejects(
      kindOf(Buffer.from([0x1f, 0x8b, 1, 2, 3, 4])),
      refusal(/--seed: .*needs a file with SQL/),
    );
    await assert.rejects(readSeed(folder), refusal(/--seed: .*EISDIR.*needs a file with SQL/));
  });
});

describe("the edge", () => {
  it("finds proxies by names that lead nowhere else", () => {
    assert.deepEqual(edgeAliases(["a.example.com", "*.b.example.com"]), ["a.example.com.invalid"]);
    const script = edgeScript();
    // Whoever asks chooses the name: without the suffix it would be anybody's proxy to anywhere.
    assert.match(script, /default \$ssl_preread_server_name\.invalid:8443;/);
    assert.match(script, /proxy_pass http:\/\/\$host\.invalid:8080;/);
    assert.deepEqual(script.match(/proxy_pass .*/g), [
      "proxy_pass $environment;",
      "proxy_pass http://$host.invalid:8080;",
    ]);
  });
});

describe("tristack environment", () => {
  const home = mkdtempSync(join(tmpdir(), "tristack-env-home-"));
  after(() => rmSync(home, { recursive: true }));
  const run = async (args: readonly string[], input = "") => {
    const env = {
      ...{ PATH: process.env.PATH, HOME: home, PULUMI_HOME: home, PULUMI_BACKEND_URL: `file://${home}` },
      DOCKER_HOST: `unix://${home}/docker.sock`,
    };
    const result = await execa(process.execPath, [join(ROOT, "cli", "tristack.js"), "environment", ...args], {
      ...{ env, extendEnv: false, reject: false, input },
    });
    return { code: result.exitCode, stderr: result.stderr };
  };
  const cases: [string[], RegExp][] = [
    [["up"], /required option '--version <version>' not specified/],
    [["up", "pr-1", "--version", "v 1"], /release\.version is "v 1"; needs an image tag/],
    [
      ["up", "pr-1", "--version", "v1", "--template", "nowhere.yaml"],
      /--template: nowhere\.yaml; needs a file/,
    ],
    [
      ["up", "pr-1", "--version", "v1", "--template", "Pulumi.production.yaml"],
      /environment\.kind is production; needs preview/,
    ],
    [
      ["up", "pr-1", "--version", "v1", "--seed", "nowhere.sql"],
      /--seed: nowhere\.sql; needs a file with SQL/,
    ],
    [
      ["up", "pr-1", "--version", "v1", "--template", "examples/previews/aws.yaml", "--seed", "package.json"],
      /--seed: the target is aws, .*needs a command of the application/,
    ],
    [["down", "production"], /production is protected by its name/],
    [["sweep", "--open", "-"], /--open: ""; needs numbers of pull requests, such as 7,9, or none/],
    [["sweep", "--open", "1", "--closed", "2"], /cannot be used with option/],
    [["sweep", "--now", "tomorrow"], /needs a time in UTC/],
  ];
  for (const [args, message] of cases)
    it(args.join(" "), async () => {
      const { code, stderr } = await run(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /^\s+at /m);
    });

  it("names the shipped template's missing secret only once it can be set", async () => {
    const { code, stderr } = await run(["up", "pr-1", "--version", "v1"]);
    // Everything about the settings is right; without Pulumi's CLI nothing was begun.
    assert.equal(code, 1, stderr);
    assert.match(stderr, /Pulumi's CLI .* is not installed yet/);
  });
});
