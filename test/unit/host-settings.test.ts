/** Settings of a machine alone: its defaults, its own bad settings, and the commands that need more than a machine. */
import assert from "node:assert/strict";
import { parseSettings } from "../../components/settings.ts";
import { noApplication, requireApplication } from "../../cli/stack-settings.ts";
import { dockerOf } from "../../cli/stack-docker.ts";
import { parseStackFile, readProject } from "../../cli/project.ts";
import { CliError } from "../../cli/errors.ts";
import { PUBLIC_KEY, goodHost } from "../support/host-settings.ts";
import { CONTEXT, changed, problemLines, rawConfig } from "../support/settings.ts";

describe("the settings of a machine alone", () => {
  it("get every default", () => {
    const result = parseSettings(rawConfig(goodHost()), CONTEXT);
    assert.ok("settings" in result);
    assert.deepEqual(result.settings, {
      ...goodHost(),
      machine: {
        region: "eu-central-1",
        instanceType: "t3.medium",
        disk: "40GiB",
        sshFrom: ["198.51.100.7/32", "192.0.2.0/24"],
        user: "deploy",
        prepare: { publicKeys: [PUBLIC_KEY], docker: "docker", swap: "1GiB", ports: [51_820], reboot: false },
      },
    });
  });

  const bad: [path: string, value: unknown, line: string][] = [
    [
      "machine",
      undefined,
      "machine is missing; needs an object of: region, instanceType, disk, sshFrom, user, prepare",
    ],
    [
      "machine.region",
      "Frankfurt",
      "machine.region is Frankfurt; needs a region of AWS, such as eu-central-1",
    ],
    [
      "machine.instanceType",
      "medium",
      "machine.instanceType is medium; needs an EC2 instance type, such as t3.medium",
    ],
    [
      "machine.disk",
      "1GiB",
      'machine.disk is "1GiB"; needs a size such as 512MiB or 2GiB, from 10GiB to 16384GiB',
    ],
    [
      "machine.sshFrom",
      [],
      "machine.sshFrom is an empty list; needs a list of 1 to 50 networks, such as [198.51.100.7/32]",
    ],
    [
      "machine.sshFrom.0",
      "198.51.100.7",
      'machine.sshFrom[0] is "198.51.100.7"; needs a network such as 198.51.100.7/32',
    ],
    [
      "machine.sshFrom.0",
      "300.0.0.0/8",
      'machine.sshFrom[0] is "300.0.0.0/8"; needs a network such as 198.51.100.7/32',
    ],
    [
      "machine.sshFrom.0",
      "10.0.0.0/33",
      'machine.sshFrom[0] is "10.0.0.0/33"; needs a network such as 198.51.100.7/32',
    ],
    ["machine.user", "Ann", "machine.user is Ann; needs a name of a user, such as deploy"],
    [
      "machine.prepare.publicKeys",
      [],
      "machine.prepare.publicKeys is an empty list; needs a list of 1 to 50 public keys, such as [ssh-ed25519 AAAA… ann@laptop]",
    ],
    ["dns.zone", "Example", "dns.zone is Example; needs a hosted zone, such as example.com"],
    [
      "dns.names.0",
      "shop_1",
      "dns.names[0] is shop_1; needs a host name, such as shop.example.com or *.preview.example.com",
    ],
    [
      "dns.names.1",
      "shop.example.org",
      "dns.names[1] is shop.example.org; needs a name in the zone example.com",
    ],
    ["services", {}, "services is not a setting; needs to be removed"],
  ];
  for (const [path, value, line] of bad) {
    it(`refuse what is wrong: ${line}`, () => {
      const parts = path.split(".").map((part) => (/^\d+$/.test(part) ? Number(part) : part));
      assert.deepEqual(problemLines(changed(goodHost(), parts, value)), [`tristack:${line}`]);
    });
  }

  it("name what is wrong by itself and what is wrong together, at once", () => {
    const config = changed(changed(goodHost(), ["machine", "user"], "Ann"), ["dns", "zone"], "example.org");
    assert.deepEqual(problemLines(config), [
      "tristack:machine.user is Ann; needs a name of a user, such as deploy",
      "tristack:dns.names[0] is shop.example.com; needs a name in the zone example.org",
      'tristack:dns.names[1] is "*.preview.example.com"; needs a name in the zone example.org',
    ]);
  });

  it("are refused by commands about an application, with the reason and exit code 2", async () => {
    const project = readProject();
    const text = JSON.stringify({
      config: Object.fromEntries(
        Object.entries(goodHost()).map(([key, value]) => [`tristack:${key}`, value]),
      ),
    });
    const file = parseStackFile(project, "box", text);
    const refused = (error: unknown) => {
      assert.ok(error instanceof CliError && error.exitCode === 2);
      assert.match(
        error.message,
        /^Pulumi\.box\.yaml: target is host, which carries no application; .* npx pulumi up/,
      );
      return true;
    };
    await assert.rejects(requireApplication(project, "box", file), refused);
    assert.throws(() => dockerOf(project, file), refused);
    assert.ok(refused(noApplication(file)));
  });
});
