/** Settings of a cluster alone: its defaults, its own bad settings, and the commands that need more than a cluster. */
import assert from "node:assert/strict";
import { settingsWith } from "../../cli/deploy-context.ts";
import { dockerOf } from "../../cli/stack-docker.ts";
import { CliError } from "../../cli/errors.ts";
import { parseStackFile, readProject } from "../../cli/project.ts";
import { parseSettings } from "../../components/settings.ts";
import { goodCluster } from "../support/cluster-settings.ts";
import { CONTEXT, changed, problemLines, rawConfig } from "../support/settings.ts";

describe("the settings of a cluster alone", () => {
  it("get every default", () => {
    const result = parseSettings(rawConfig(goodCluster()), CONTEXT);
    assert.ok("settings" in result);
    assert.deepEqual(result.settings, {
      ...goodCluster(),
      cluster: {
        region: "eu-central-1",
        version: "1.36",
        apiFrom: ["198.51.100.7/32"],
        administrators: ["arn:aws:iam::123456789012:role/ci/deploy"],
        zones: 2,
        nat: "per-zone",
        nodes: { instanceTypes: ["m7i.large", "m6i.large"], cpuLimit: 16, expected: 2 },
      },
    });
  });

  const bad: [path: string, value: unknown, line: string][] = [
    [
      "cluster.region",
      "Frankfurt",
      "cluster.region is Frankfurt; needs a region of AWS, such as eu-central-1",
    ],
    [
      "cluster.version",
      "latest",
      "cluster.version is latest; needs a minor version of Kubernetes that EKS supports, such as 1.36",
    ],
    [
      "cluster.apiFrom",
      [],
      "cluster.apiFrom is an empty list; needs a list of 1 to 50 networks, such as [198.51.100.7/32]",
    ],
    [
      "cluster.administrators.0",
      "ann",
      "cluster.administrators[0] is ann; needs a role, such as arn:aws:iam::123456789012:role/deploy",
    ],
    ["cluster.zones", 1, "cluster.zones is 1; needs a whole number from 2 to 3"],
    ["cluster.nat", "one", "cluster.nat is one; needs per-zone, since the environment is production"],
    [
      "cluster.nodes",
      { instanceTypes: ["m7i.large", "m7g.large"] },
      "cluster.nodes.instanceTypes[1] is m7g.large; needs a type of amd64, as m7i.large is",
    ],
    ["cluster.nodes", { cpuLimit: 0 }, "cluster.nodes.cpuLimit is 0; needs a whole number from 2 to 10000"],
    ["services", {}, "services is not a setting; needs to be removed"],
  ];
  for (const [path, value, line] of bad)
    it(`refuse what is wrong: ${line}`, () => {
      assert.deepEqual(problemLines(changed(goodCluster(), path.split("."), value)), [`tristack:${line}`]);
    });

  it("are refused by commands about an application, with the reason and exit code 2", async () => {
    const project = readProject();
    const file = parseStackFile(project, "cluster", "config:\n  tristack:target: cluster\n");
    const context = { project, stack: "cluster", file };
    const refused = (error: unknown) =>
      error instanceof CliError &&
      error.exitCode === 2 &&
      error.message.startsWith("Pulumi.cluster.yaml: target is cluster, which carries no application; ");
    assert.throws(() => dockerOf(project, file), refused);
    await assert.rejects(settingsWith(context, { version: "v1", digests: {} }), refused);
  });
});
