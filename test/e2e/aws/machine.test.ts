/** A machine of AWS, made by the real engine and the AWS plugin on moto: up, no change, updates, refusals, down. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse, stringify } from "yaml";
import { hostScript } from "../../../components/docker/host/script.ts";
import { PROJECT } from "../../support/e2e-clone.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { type Moto, envOf, hostedZone, startMoto } from "../../support/e2e-moto.ts";
import { Workspace } from "../../support/e2e-workspace.ts";
import { goodHost } from "../../support/host-settings.ts";
import type { Config } from "../../support/settings.ts";

const STACK = "box";
const DEBIAN = "136693071363";
/** As moto reads them; the newest has to be taken. */
const IMAGES = ["20251112-1894", "20260923-2245", "20240211-1654"].map((date, index) => ({
  ami_id: `ami-0debian${index}`,
  name: `debian-12-amd64-${date}`,
  description: "Debian 12",
  owner_id: DEBIAN,
  public: true,
  virtualization_type: "hvm",
  architecture: "x86_64",
  state: "available",
  platform: null,
  image_type: "machine",
  hypervisor: "xen",
  root_device_name: "/dev/xvda",
  root_device_type: "ebs",
  sriov: "simple",
  creation_date: `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}T00:00:00.000Z`,
}));
const NEWEST = "ami-0debian1";

describe("a machine of AWS", () => {
  let place: Workspace;
  let moto: Moto;
  let settings = goodHost();

  before(async () => {
    place = await Workspace.create("machine");
    const images = join(await place.folder("aws"), "amis.json");
    await writeFile(images, JSON.stringify(IMAGES));
    moto = await startMoto({ MOTO_AMIS_PATH: images });
    Object.assign(place.env, {
      ...envOf(moto),
      PULUMI_BACKEND_URL: `file://${await place.folder("state")}`,
      PULUMI_CONFIG_PASSPHRASE: "e2e",
    });
    await hostedZone(moto, "example.com");
    await write(settings);
    succeeded(await place.tristack(["init", STACK, "--yes"]));
  });
  after(async () => {
    await place?.dispose();
    await moto?.stop();
  });

  async function write(config: Config): Promise<void> {
    settings = config;
    const keyed = Object.entries(config).map(([key, value]) => [`${PROJECT}:${key}`, value]);
    const salt = /^encryptionsalt:.*$/m.exec(await read())?.[0] ?? "";
    await writeFile(
      join(place.root, `Pulumi.${STACK}.yaml`),
      `${stringify({ config: Object.fromEntries(keyed) as Config })}${salt}\n`,
    );
  }

  async function read(): Promise<string> {
    return readFile(join(place.root, `Pulumi.${STACK}.yaml`), "utf8").catch(() => "");
  }

  const ec2 = (action: string, more = "") => moto.ask("ec2", `/?Action=${action}&Version=2016-11-15${more}`);
  const all = (xml: string, tag: string) =>
    [...xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"))].map(([, value = ""]) => value);

  const up = () => place.pulumi(["up", "--stack", STACK, "--yes", "--skip-preview"], { timeoutSeconds: 900 });
  const preview = (...more: string[]) => place.pulumi(["preview", "--stack", STACK, ...more]);
  const outputs = async () =>
    JSON.parse(succeeded(await place.tristack(["outputs", STACK, "--json"])).stdout) as {
      host: { docker: string; address: string; instanceId: string };
      names: string[];
    };

  it("is shown by a preview while there is nothing yet", async () => {
    const { all: said } = succeeded(await preview());
    assert.match(said, /aws:ec2:Instance/);
    assert.match(said, /\+ \d+ to create/);
    const early = ended(await place.tristack(["host", "key", STACK]), 2);
    assert.match(early.all, /The machine of box is not there yet; needs npx pulumi up --stack box first/);
  });

  it("comes up, and a second preview has nothing to change, also after a refresh", async () => {
    succeeded(await up());
    // moto forgets this at the instance's creation, and keeps it once it is modified: the one thing that it misreports.
    const { all: again } = succeeded(await up());
    assert.match(again, /~ {2}aws:ec2:Instance machine updated .*\[diff: ~disableApiTermination\]/);
    assert.match(again, /~ 1 updated\n\s+\d+ unchanged/);
    succeeded(await preview("--expect-no-changes"));
    succeeded(await preview("--expect-no-changes", "--refresh"));
  });

  it("is Debian's newest, with an encrypted disk, and version 2 of the metadata alone", async () => {
    const machine = await ec2("DescribeInstances");
    assert.deepEqual(all(machine, "imageId"), [NEWEST]);
    assert.deepEqual(all(machine, "httpTokens"), ["required"]);
    assert.deepEqual(all(machine, "httpPutResponseHopLimit"), ["1"]);
    const disk = await ec2("DescribeVolumes");
    assert.deepEqual(
      [all(disk, "encrypted"), all(disk, "volumeType"), all(disk, "size")],
      [["true"], ["gp3"], ["40"]],
    );
  });

  it("is told the very script that `tristack host prepare` runs", async () => {
    const { host } = await outputs();
    const told = await ec2("DescribeInstanceAttribute", `&InstanceId=${host.instanceId}&Attribute=userData`);
    const text = Buffer.from(all(told, "value")[0] ?? "", "base64").toString();
    const { write_files } = parse(text) as { write_files: { content: string }[] };
    const script = gunzipSync(Buffer.from(write_files[0]?.content ?? "", "base64")).toString();
    const { prepare } = (settings as { machine: { prepare: { publicKeys: string[]; ports: number[] } } })
      .machine;
    assert.equal(
      script,
      hostScript({
        ...{ user: "deploy", docker: "docker", swap: "1GiB", reboot: false, proxyPorts: [80, 443] },
        ...prepare,
      }),
    );
  });

  it("is reached at the ports that are open, at an address that its names lead to", async () => {
    const { host, names } = await outputs();
    assert.equal(host.docker, `ssh://deploy@${host.address}`);
    const addresses = await ec2("DescribeAddresses");
    assert.deepEqual(
      [all(addresses, "publicIp"), all(addresses, "instanceId")],
      [[host.address], [host.instanceId]],
    );
    const zones = await moto.ask("route53", "/2013-04-01/hostedzone");
    const records = await moto.ask(
      "route53",
      `/2013-04-01${all(zones, "Id")[0] ?? ""}/rrset`.replace("/hostedzone//", "/"),
    );
    for (const name of names)
      assert.ok(records.includes(name.replace("*", "\\052")) || records.includes(name), name);
    assert.equal(all(records, "Value").filter((value) => value === host.address).length, names.length);

    const rules = await ec2("DescribeSecurityGroupRules");
    const items = rules
      .split("<item>")
      .filter((item) => item.includes("<isEgress>false") && item.includes("cidrIpv4"));
    const open = items.map((item) => `${all(item, "fromPort")[0] ?? ""} ${all(item, "cidrIpv4")[0] ?? ""}`);
    assert.deepEqual(open.sort(), [
      "22 192.0.2.0/24",
      "22 198.51.100.7/32",
      "443 0.0.0.0/0",
      "51820 0.0.0.0/0",
      "80 0.0.0.0/0",
    ]);
  });

  it("stays the same machine when a port is opened or closed: one rule comes or goes, and nothing else", async () => {
    const before = await outputs();
    const closed = settings;
    const { machine } = settings as { machine: { prepare: object } };
    await write({
      ...settings,
      machine: { ...machine, prepare: { ...machine.prepare, ports: [51_820, 8443] } },
    });
    const { all: said } = succeeded(await up());
    assert.match(said, /\+ 1 created\n\s+\d+ unchanged/);
    await write(closed);
    assert.match(succeeded(await up()).all, /- 1 deleted\n\s+\d+ unchanged/);
    assert.deepEqual((await outputs()).host, before.host);
  });

  it("grows in place: another type of instance replaces neither machine nor address", async () => {
    const before = await outputs();
    await write({ ...settings, machine: { ...(settings.machine as object), instanceType: "t3.large" } });
    const { all: said } = succeeded(await up());
    assert.match(said, /~ 1 updated\n\s+\d+ unchanged/);
    assert.deepEqual((await outputs()).host, before.host);
    assert.deepEqual(all(await ec2("DescribeInstances"), "instanceType"), ["t3.large"]);
  });

  it("refuses to be destroyed, by tristack and by plain Pulumi, and loses nothing", async () => {
    const refused = ended(await place.tristack(["destroy", STACK, "--yes"]), 2);
    assert.match(refused.all, /target is host, which carries no application/);
    const plain = await place.pulumi(["destroy", "--stack", STACK, "--yes"]);
    assert.notEqual(plain.exitCode, 0);
    assert.match(plain.all, /protected/);
    succeeded(await preview("--expect-no-changes"));
  });

  it("breaks no rule of the policy pack; with ssh open to everybody it does, and its preview is stopped", async () => {
    const pack = ["--policy-pack", "policy/run"];
    succeeded(await preview(...pack));
    const good = settings;
    await write({ ...settings, machine: { ...(settings.machine as object), sshFrom: ["0.0.0.0/0"] } });
    const refused = await preview(...pack);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.all, /\[mandatory\]\s+ec2-closed-ports/);
    await write(good);
  });

  it("is no place for commands about an application: exit code 2, with the reason", async () => {
    for (const args of [
      ["deploy", STACK, "--version", "v1"],
      ["status", STACK],
      ["releases", STACK],
    ]) {
      const ran = ended(await place.tristack(args), 2);
      assert.match(ran.all, /target is host, which carries no application; this command needs/);
      assert.doesNotMatch(ran.all, /\n {4}at /);
    }
  });

  it("of another kind of environment goes, and leaves nothing", async () => {
    await write({ ...settings, environment: { kind: "local" } });
    succeeded(await up());
    succeeded(
      await place.pulumi(["destroy", "--stack", STACK, "--yes", "--skip-preview"], { timeoutSeconds: 900 }),
    );
    assert.deepEqual(
      all(await ec2("DescribeInstances"), "name").filter((state) => state === "running"),
      [],
    );
    assert.deepEqual(all(await ec2("DescribeAddresses"), "publicIp"), []);
    assert.deepEqual(all(await ec2("DescribeVolumes"), "volumeId"), []);
    assert.ok(!(await ec2("DescribeVpcs")).includes("10.64.0.0/24"));
  });
});
