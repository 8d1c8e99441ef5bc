/** Backups of a stack on a cluster, as its resource graph has them; and what the command makes of their CronJob. */
import assert from "node:assert/strict";
import type { V1CronJob } from "@kubernetes/client-node";
import { jobFrom, splitLog } from "../../cli/kubernetes/job.ts";
import { mebibytes } from "../../components/shared/units.ts";
import { checkOutputs } from "../../components/outputs.ts";
import { type Graph, type Registered, buildGraph } from "../support/graph.ts";
import { goodKubernetes, withBackup } from "../support/kubernetes-settings.ts";
import { type Config, changed, problemLines } from "../support/settings.ts";

const build = (config: Config = withBackup()) =>
  buildGraph({ stack: "production", config, secretKeys: ["secrets"] });

interface Container {
  name: string;
  command: string[];
  restartPolicy?: string;
  env: { name: string; value: string }[];
  securityContext: unknown;
  resources: Record<string, Record<string, string>>;
  volumeMounts: { name: string; mountPath: string }[];
}

interface Pod {
  containers: [Container];
  initContainers: [Container];
  volumes: { name: string; secret?: { secretName: string }; emptyDir?: object }[];
  [key: string]: unknown;
}

interface CronSpec {
  jobTemplate: { spec: { backoffLimit: number; activeDeadlineSeconds: number; template: { spec: Pod } } };
  [key: string]: unknown;
}

describe("backups on a cluster", () => {
  let graph: Graph;
  before(async () => (graph = await build()));

  const one = (kind: string, name: string, of = graph): Registered => {
    const found = of.resources.find((each) => each.type.endsWith(`:${kind}`) && each.name === name);
    assert.ok(found, `${kind} ${name}`);
    return found;
  };
  const cron = (name: string, of = graph) => one("CronJob", name, of).inputs.spec as CronSpec;
  const podOf = (name: string, of = graph) => cron(name, of).jobTemplate.spec.template.spec;
  const policy = (name: string, of = graph) => JSON.stringify(one("NetworkPolicy", name, of).inputs.spec);

  it("are made by a CronJob in UTC, one at a time, that is tried again and ends", () => {
    assert.partialDeepStrictEqual(cron("backup"), {
      schedule: "0 3 * * *",
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      startingDeadlineSeconds: 3600,
      jobTemplate: { spec: { backoffLimit: 1, activeDeadlineSeconds: 6 * 3600 + 600 } },
    });
    assert.equal(podOf("backup").containers[0].command.at(-1), "now");
    assert.equal(cron("backup-drill").schedule, "0 5 * * 0");
    assert.equal(podOf("backup-drill").containers[0].command.at(-1), "drill");
  });

  it("run in pods without a right, on volumes that go with them", () => {
    for (const pod of [podOf("backup"), podOf("backup-drill")]) {
      assert.equal(pod.automountServiceAccountToken, false);
      assert.partialDeepStrictEqual(pod.securityContext, {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      });
      for (const container of [...pod.containers, ...pod.initContainers]) {
        assert.deepEqual(container.securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          privileged: false,
          capabilities: { drop: ["ALL"] },
        });
        for (const amount of ["cpu", "memory", "ephemeral-storage"])
          assert.ok(container.resources.requests?.[amount] && container.resources.limits?.[amount]);
      }
      assert.equal(pod.initContainers[0].restartPolicy, "Always", "the courier is a sidecar");
    }
    // A dump and a database restored from it.
    assert.equal(podOf("backup").containers[0].resources.limits?.["ephemeral-storage"], "103424Mi");
  });

  it("keep the database's password from the courier, and the keys of S3 from the keeper", () => {
    const { containers, initContainers, volumes } = podOf("backup");
    const secretsOf = ({ volumeMounts }: Container) =>
      volumeMounts.flatMap(({ name }) => volumes.find((one) => one.name === name)?.secret?.secretName ?? []);
    assert.deepEqual(secretsOf(containers[0]), ["postgres-secret"]);
    assert.deepEqual(secretsOf(initContainers[0]), ["backup-secret"]);
    const shared = (container: Container) =>
      container.volumeMounts.filter(({ name }) => volumes.some((one) => one.name === name && one.emptyDir));
    const of = [...containers, ...initContainers].map((one) => shared(one).map(({ name }) => name));
    assert.deepEqual(
      of[0]?.filter((name) => of[1]?.includes(name)),
      ["backups"],
      "nothing else is common to both",
    );
  });

  it("have no secret in plain text", () => {
    const text = JSON.stringify(graph.resources.filter(({ type }) => /CronJob|ConfigMap/.test(type)));
    assert.ok(text.includes("S3_PREFIX"));
    for (const secret of ["an-access-key", "a-secret-key", "https://ping.example.com/uuid"])
      assert.ok(!text.includes(secret), secret);
    const { stringData } = one("Secret", "backup-courier").inputs as { stringData: { secret?: object } };
    assert.deepEqual(Object.keys(stringData.secret ?? {}), ["PING_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY"]);
  });

  it("run the scripts of the target vps", () => {
    const { data } = one("ConfigMap", "backup-scripts").inputs as { data: Record<string, string> };
    for (const part of ["pg_dump --format=custom", "fill_and_check", "errand()"])
      assert.ok(data["keeper.sh"]?.includes(part), part);
    for (const part of ["x-amz-server-side-encryption", "expire_remote", "run_errand"])
      assert.ok(data["courier.sh"]?.includes(part), part);
    assert.ok(!data["keeper.sh"]?.includes("--aws-sigv4"));
  });

  it("may reach the database and S3 on its port, and nobody may reach them", async () => {
    assert.match(policy("postgres"), /"backup"/);
    const { spec } = one("NetworkPolicy", "backup").inputs as {
      spec: { ingress?: unknown[]; policyTypes: string[] };
    };
    assert.ok(spec.policyTypes.includes("Ingress") && (spec.ingress ?? []).length === 0);
    assert.match(policy("backup"), /5432.*"postgres".*"port":443.*"0\.0\.0\.0\/0","except"/);
    const endpoint = async (address: string) =>
      policy("backup", await build(changed(withBackup(), ["backup", "s3", "endpoint"], address)));
    assert.match(
      await endpoint("http://10.245.0.1:9000"),
      /"port":9000,"protocol":"TCP"}\],"to":\[{"ipBlock":{"cidr":"10\.245\.0\.1\/32"}}\]/,
    );
    assert.match(await endpoint("http://minio.storage"), /"port":80,.*"namespaceSelector":{}}\]/);
    const none = await build(goodKubernetes());
    assert.ok(!policy("postgres", none).includes('"backup"'));
    assert.equal(none.outputs.backup, null);
  });

  it("fit into the quota, two at a time", async () => {
    const hard = (of: Graph) =>
      (one("ResourceQuota", "quota", of).inputs.spec as { hard: Record<string, string> }).hard;
    const none = hard(await build(goodKubernetes()));
    const more = (amount: string) => parseInt(hard(graph)[amount] ?? "") - parseInt(none[amount] ?? "");
    const memory = (of: Record<string, string>) => mebibytes(`${of["limits.memory"] ?? ""}B`);
    assert.deepEqual([more("pods"), more("limits.cpu")], [4, 3]);
    assert.equal(memory(hard(graph)) - memory(none), 2 * (512 + 128));
  });

  it("are part of the outputs, as arguments", () => {
    assert.deepEqual(checkOutputs(graph.outputs), []);
    assert.deepEqual(graph.outputs.backup, {
      schedule: "0 3 * * *",
      retentionDays: 30,
      destination: "s3://shop-backups/shop/production/",
      run: { via: "kubernetes", target: "production/backup", args: ["/bin/sh", "/scripts/keeper.sh", "now"] },
      restore: {
        via: "kubernetes",
        target: "production/backup",
        args: ["/bin/sh", "/scripts/keeper.sh", "prepare"],
      },
    });
  });

  it("are refused where the target cannot make them as asked", () => {
    assert.deepEqual(problemLines(withBackup()), []);
    const line = (path: string[], value: unknown) =>
      problemLines(changed(withBackup(), path, value)).join("\n");
    assert.equal(
      line(["backup"], {}),
      "tristack:backup.s3 is missing; needs an object whose bucket and keys say where backups go: a pod keeps nothing",
    );
    assert.match(
      line(["backup", "recoveryKey"], `age1${"q".repeat(58)}`),
      /^tristack:backup\.recoveryKey is age1q+…; needs to be left out, since the target is kubernetes: nothing here copies/,
    );
    for (const days of ["7", "5-7", "1,7"])
      assert.equal(
        line(["backup", "drill"], `0 5 * * ${days}`),
        `tristack:backup.drill is "0 5 * * ${days}"; needs 0 for Sunday, since Kubernetes knows no day 7`,
      );
    assert.equal(line(["backup", "schedule"], "7 7 7 7 */7"), "");
    assert.match(
      line(["secrets", "S3_SECRET"], undefined),
      /^tristack:backup\.s3\.secretKey is S3_SECRET; needs a name/,
    );
    assert.match(
      line(["backup", "s3", "bucket"], "Shop"),
      /^tristack:backup\.s3\.bucket is Shop; needs a bucket/,
    );
  });

  it("are asked for by Jobs of the CronJob's template, with another command", () => {
    const cronJob = { metadata: { uid: "1" }, spec: cron("backup") } as unknown as V1CronJob;
    const request = { cronJob: "backup", command: ["sh", "verify"], verb: "verify" };
    const job = jobFrom(cronJob, request);
    assert.match(job.metadata?.name ?? "", /^backup-verify-[0-9a-f]{8}$/);
    assert.equal(job.metadata?.ownerReferences?.[0]?.controller, false, "not in the CronJob's history");
    assert.equal(job.spec?.backoffLimit, 0);
    assert.deepEqual(job.spec?.template.spec?.containers[0]?.command, ["sh", "verify"]);
    assert.deepEqual(job.spec?.template.spec?.initContainers, podOf("backup").initContainers);
    assert.equal(
      jobFrom(cronJob, { ...request, kept: true }).metadata?.ownerReferences?.[0]?.controller,
      true,
    );
  });

  it("answer below the line that announces it", () => {
    assert.deepEqual(splitLog("backup: x\n--- answer\n[\n]\n"), { said: "backup: x", answer: "[\n]" });
    assert.deepEqual(splitLog("backup: no\n"), { said: "backup: no\n", answer: undefined });
  });
});
