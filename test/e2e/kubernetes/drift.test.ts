/** `tristack drift` on a real cluster: quiet while nothing is wrong, and exact about what is; looking changes nothing. */
import assert from "node:assert/strict";
import type { DriftOutput } from "../../support/drift-output.ts";
import { ClusterSite, STACK, cluster } from "../../support/e2e-cluster.ts";
import { type Ran, ended, succeeded } from "../../support/e2e-command.ts";
import { until } from "../../support/e2e-until.ts";

const CLEAN_RUNS = 5;
/** Longest time in which what ought to happen in a cluster has happened. */
const PATIENCE_SECONDS = 120;

describe("tristack drift on a cluster", () => {
  let site: ClusterSite;

  before(async () => {
    site = await ClusterSite.create();
    // One service with a number of pods of its own, and one whose number is an autoscaler's.
    await site.change(["services", "api", "autoscale"], { maxReplicas: 3 });
    succeeded(await site.up());
  });
  after(() => site?.dispose());

  const drift = (...more: string[]): Promise<Ran> => site.workspace.tristack(["drift", STACK, ...more]);
  const findings = (ran: Ran) => {
    const [only] = (JSON.parse(ran.stdout) as DriftOutput).stacks;
    assert.equal(only?.error, undefined);
    assert.equal(only?.held, undefined);
    return only?.findings ?? [];
  };
  const told = (ran: Ran) => findings(ran).map(({ kind, resource }) => `${kind} ${resource}`);

  async function clean(): Promise<void> {
    assert.deepEqual(findings(succeeded(await drift("--json"))), []);
  }

  /** What looking could have changed: objects by their version, which every write changes, and the state. */
  async function everything() {
    const kinds = "deployments,services,configmaps,secrets,networkpolicies,statefulsets,jobs,leases";
    const fields =
      "{range .items[*]}{.kind} {.metadata.name} {.metadata.generation} {.metadata.uid}{'\\n'}{end}";
    const state = succeeded(await site.pulumi("stack", "export", "--stack", STACK)).stdout;
    return { objects: await cluster("get", kinds, "--output", `jsonpath=${fields}`), state };
  }

  const settled = (deployment: string) =>
    cluster("rollout", "status", `deployment/${deployment}`, `--timeout=${PATIENCE_SECONDS}s`);

  it(`finds nothing in ${CLEAN_RUNS} runs where nothing is wrong, and changes nothing`, async () => {
    const before = await everything();
    const seconds: string[] = [];
    for (let run = 0; run < CLEAN_RUNS; run += 1) {
      const ran = succeeded(await drift("--json"));
      seconds.push(ran.seconds.toFixed(1));
      assert.deepEqual(findings(ran), []);
    }
    console.log(`      ${seconds.join(", ")} s`);
    assert.deepEqual(await everything(), before);
  });

  it("leaves the number of pods to an autoscaler", async () => {
    await cluster("scale", "deployment", "api", "--replicas=3");
    await settled("api");
    await clean();
  });

  it("finds three of three things that a hand has changed, each with old and new, and changes nothing", async () => {
    const maps = (await cluster("get", "configmaps", "--output=name")).split("\n");
    const map = maps
      .map((name) => name.replace(/^configmap\//, ""))
      .find((name) => name.startsWith("web-config-"));
    assert.ok(map);
    await cluster("scale", "deployment", "web", "--replicas=1");
    // An immutable one cannot be edited: whoever wants to makes another one of its name.
    await cluster("delete", "configmap", map);
    await cluster("create", "configmap", map, "--from-literal=RELEASE=by-hand");
    await cluster("delete", "service", "api");
    await settled("web");

    const before = await everything();
    const ran = ended(await drift("--json"), 1);
    assert.deepEqual(await everything(), before, "looking changes nothing");
    assert.deepEqual(
      [...new Set(told(ran))],
      [
        "missing kubernetes Service api",
        "changed kubernetes ConfigMap " + map,
        "changed kubernetes Deployment web",
      ],
    );
    const properties = findings(ran).flatMap((one) => one.properties);
    const replicas = properties.find(({ path }) => path === "spec.replicas");
    assert.deepEqual([replicas?.before, replicas?.after], [2, 1]);
    const release = properties.find(({ path }) => path === "data.RELEASE");
    assert.deepEqual([release?.before, release?.after], [site.version, "by-hand"]);
    assert.ok(findings(ran).some(({ mend }) => mend === `npx pulumi up --refresh --stack ${STACK}`));
    const { stdout } = ended(await drift("--markdown"), 1);
    assert.match(stdout, /- \*\*missing\*\* `kubernetes Service api`/);
  });

  it("is mended by the command that it names", async () => {
    succeeded(await site.pulumi("up", "--refresh", "--stack", STACK, "--yes", "--skip-preview"));
    await until(
      PATIENCE_SECONDS,
      "the site answers",
      async () => (await site.ask("/api/items")).status === 200,
    );
    await clean();
  });

  it("finds what no refresh sees: a variable and a way out that somebody has added", async () => {
    await cluster("set", "env", "deployment/web", "API_TOKEN=hunter22");
    const open = JSON.stringify([{ op: "add", path: "/spec/egress", value: [{}] }]);
    await cluster("patch", "networkpolicy", "default-deny", "--type=json", "--patch", open);
    await settled("web");
    const ran = ended(await drift("--json"), 1);
    assert.deepEqual(told(ran), [
      "changed kubernetes Deployment web",
      "changed kubernetes NetworkPolicy default-deny",
    ]);
    assert.doesNotMatch(ran.all, /hunter22/);
    await cluster("set", "env", "deployment/web", "API_TOKEN-");
    await cluster(
      "patch",
      "networkpolicy",
      "default-deny",
      "--type=json",
      "--patch",
      JSON.stringify([{ op: "remove", path: "/spec/egress" }]),
    );
    await settled("web");
    await clean();
  });
});
