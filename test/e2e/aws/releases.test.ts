/**
 * What `tristack deploy` does at AWS besides its updates, on moto and the Docker Engine: digests from ECR, aliases that
 * are shifted by weights, alarms, the lock and the records in S3, static files out of an image.
 * Whole deploys, with Pulumi, are in application.test.ts.
 */
import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from "@aws-sdk/client-cloudwatch";
import { CreateRepositoryCommand, PutImageCommand } from "@aws-sdk/client-ecr";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  UpdateFunctionCodeCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { execa } from "execa";
import { AlarmWatch } from "../../../cli/aws/alarm-watch.ts";
import { Assets } from "../../../cli/aws/assets.ts";
import { RecordsBucket } from "../../../cli/aws/bucket.ts";
import type { Clients } from "../../../cli/aws/clients.ts";
import { functionStatuses } from "../../../cli/aws/function-status.ts";
import { imagesInEcr } from "../../../cli/aws/images.ts";
import { bucketHolder, holdingBucket } from "../../../cli/aws/lock.ts";
import { PulledImages } from "../../../cli/aws/pulled-images.ts";
import { BucketRecords } from "../../../cli/aws/records.ts";
import { AliasShift } from "../../../cli/aws/shift.ts";
import { trustOf } from "../../../components/aws/policy-document.ts";
import { CliError } from "../../../cli/errors.ts";
import { ensureDocker } from "../../../toolchain/docker.ts";
import { clientsOfMoto } from "../../support/e2e-aws-clients.ts";
import { type Moto, REGION } from "../../support/e2e-moto.ts";

const REGISTRY = `123456789012.dkr.ecr.${REGION}.amazonaws.com`;
const INDEX = "application/vnd.oci.image.index.v1+json";
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const digest = (character: string) => `sha256:${character.repeat(64)}`;

describe("a release at AWS", () => {
  let moto: Moto;
  let aws: Clients;
  let stop: () => unknown = () => undefined;

  before(async () => ({ moto, aws, stop } = await clientsOfMoto()));
  after(() => stop());

  const bucket = async (name: string) => {
    const LocationConstraint = REGION;
    await aws.s3.send(
      new CreateBucketCommand({ Bucket: name, CreateBucketConfiguration: { LocationConstraint } }),
    );
    return new RecordsBucket(aws.s3, name);
  };

  describe("finds its images in ECR", () => {
    const repository = `${REGISTRY}/shop/api`;
    const services = [{ service: "api", repository }];
    const look = (version: string, architecture: "arm64" | "x86_64", digests = {}) =>
      imagesInEcr(aws.registry, architecture, { version, digests }, services);

    before(async () => {
      await aws.registry.send(new CreateRepositoryCommand({ repositoryName: "shop/api" }));
      const manifests = [
        { digest: digest("a"), platform: { os: "linux", architecture: "amd64" } },
        { digest: digest("b"), platform: { os: "linux", architecture: "arm64" } },
        { digest: digest("c"), platform: { os: "unknown", architecture: "unknown" } },
      ];
      const put = (imageTag: string, imageManifestMediaType: string, manifest: object) =>
        aws.registry.send(
          new PutImageCommand({
            repositoryName: "shop/api",
            imageTag,
            imageManifestMediaType,
            imageManifest: JSON.stringify({
              schemaVersion: 2,
              mediaType: imageManifestMediaType,
              ...manifest,
            }),
          }),
        );
      await put("several", INDEX, { manifests });
      await put("intel", INDEX, { manifests: manifests.slice(0, 1) });
      await put("one", MANIFEST, { config: { digest: digest("d") }, layers: [] });
    });

    it("of several platforms the one that the functions have, which Lambda takes alone", async () => {
      assert.deepEqual(await look("several", "arm64"), { api: digest("b") });
      assert.deepEqual(await look("several", "x86_64"), { api: digest("a") });
    });

    it("of one platform as it is", async () => {
      assert.match((await look("one", "arm64")).api ?? "", /^sha256:[0-9a-f]{64}$/);
    });

    it("says which is not there, and which is for other processors", async () => {
      await assert.rejects(look("v9", "arm64"), { message: `${repository}:v9 is not in the registry` });
      await assert.rejects(look("v9", "arm64", { api: digest("f") }), {
        message: `${repository}@${digest("f")} is not in the registry`,
      });
      await assert.rejects(look("intel", "arm64"), {
        message: `${repository}:intel is for linux/amd64; needs linux/arm64, since architecture is arm64`,
      });
    });
  });

  describe("gets the traffic", () => {
    const services = ["api", "web"].map((service) => ({
      service,
      functionName: `shop-${service}`,
      version: "2",
      log: "",
    }));
    const aliases = () =>
      Promise.all(
        services.map(async ({ functionName }) => {
          const { FunctionVersion, RoutingConfig } = await aws.lambda.send(
            new GetAliasCommand({ FunctionName: functionName, Name: "live" }),
          );
          return [FunctionVersion, RoutingConfig?.AdditionalVersionWeights ?? {}];
        }),
      );
    const watch = (verdict: () => string | undefined = () => undefined) => ({
      verdict,
      say: () => undefined,
      signal: new AbortController().signal,
    });
    const shift = () => AliasShift.to(aws.lambda, services);

    before(async () => {
      const trust = encodeURIComponent(trustOf("lambda.amazonaws.com"));
      await moto.ask(
        "iam",
        `/?Action=CreateRole&Version=2010-05-08&RoleName=shop&AssumeRolePolicyDocument=${trust}`,
      );
      for (const { functionName } of services) {
        const code = (tag: string) => ({ ImageUri: `${REGISTRY}/shop/api:${tag}` });
        await aws.lambda.send(
          new CreateFunctionCommand({
            FunctionName: functionName,
            PackageType: "Image",
            Code: code("one"),
            Role: "arn:aws:iam::123456789012:role/shop",
            Publish: true,
            Description: "v1",
          }),
        );
        await aws.lambda.send(
          new CreateAliasCommand({ FunctionName: functionName, Name: "live", FunctionVersion: "1" }),
        );
        await aws.lambda.send(
          new UpdateFunctionCodeCommand({
            FunctionName: functionName,
            ImageUri: code("several").ImageUri,
            Publish: true,
          }),
        );
      }
    });

    it("in steps, and all of it at the end; back at once", async () => {
      const seen: unknown[] = [];
      const moving = await shift();
      const during = watch(() => {
        seen.push("looked");
        return undefined;
      });
      const done = moving.forward({ steps: [10, 50], pauseSeconds: 1 }, during);
      await sleep(500);
      assert.deepEqual(await aliases(), [
        ["1", { 2: 0.1 }],
        ["1", { 2: 0.1 }],
      ]);
      const parts = await functionStatuses(aws.lambda, services);
      assert.deepEqual(
        parts.map(({ part, name, status }) => [part, name, status.replace(/^\w+, /, "")]),
        [
          ["api", "shop-api:1", "90 % of the requests"],
          ["api", "shop-api:2", "10 % of the requests"],
          ["web", "shop-web:1", "90 % of the requests"],
          ["web", "shop-web:2", "10 % of the requests"],
        ],
      );
      assert.equal(await done, undefined);
      assert.ok(seen.length >= 4, String(seen.length));
      assert.deepEqual(await aliases(), [
        ["2", {}],
        ["2", {}],
      ]);
      await moving.back();
      assert.deepEqual(await aliases(), [
        ["1", {}],
        ["1", {}],
      ]);
    });

    it("not beyond the step where it fails", async () => {
      const moving = await shift();
      const reason = await moving.forward(
        { steps: [10, 50], pauseSeconds: 1 },
        watch(() => "too many errors"),
      );
      assert.equal(reason, "at 10 % of the traffic: too many errors");
      assert.deepEqual((await aliases())[0], ["1", { 2: 0.1 }]);
      await moving.back();
      assert.deepEqual((await aliases())[0], ["1", {}]);
    });

    it("at once where it is known to be good, and not at all where it has it", async () => {
      assert.equal(await (await shift()).forward({ steps: [], pauseSeconds: 60 }, watch()), undefined);
      assert.deepEqual((await aliases())[1], ["2", {}]);
      const nothing = watch(() => assert.fail("asked for nothing"));
      assert.equal(await (await shift()).forward({ steps: [10], pauseSeconds: 60 }, nothing), undefined);
    });
  });

  describe("is watched", () => {
    const none = { distributionId: undefined, assetsBucket: undefined, databaseId: undefined };
    const parts = { services: [], apiId: "shop", ...none };
    const alarms = ["old-trouble", "errors"];
    const state = (AlarmName: string, StateValue: "OK" | "ALARM") =>
      aws.metrics.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: "set by hand" }));
    const until = async (seen: () => boolean) => {
      for (const end = Date.now() + 20_000; !seen(); await sleep(100))
        assert.ok(Date.now() < end, "not seen within 20 s");
    };

    before(async () => {
      for (const AlarmName of alarms)
        await aws.metrics.send(
          new PutMetricAlarmCommand({
            AlarmName,
            AlarmDescription: `many ${AlarmName}`,
            Namespace: "AWS/ApiGateway",
            MetricName: "5xx",
            ComparisonOperator: "GreaterThanThreshold",
            EvaluationPeriods: 1,
            Period: 60,
            Threshold: 5,
            Statistic: "Sum",
          }),
        );
      await state("old-trouble", "ALARM");
      await state("errors", "OK");
    });

    it("for alarms that begin to ring, not for one that rang before", async () => {
      const watch = await AlarmWatch.begin(aws.metrics, { ...parts, alarms });
      try {
        assert.deepEqual(watch.ringingBefore, ["old-trouble"]);
        await sleep(6000);
        assert.equal(watch.trouble(), undefined);
        await state("errors", "ALARM");
        await until(() => watch.trouble() !== undefined);
        assert.equal(watch.trouble(), "the alarm errors rings: many errors");
      } finally {
        await watch.stop();
        await state("errors", "OK");
      }
    });

    it("for the requests that API Gateway has counted", async () => {
      const watch = await AlarmWatch.begin(aws.metrics, { ...parts, alarms });
      try {
        const count = (MetricName: string, Value: number) => ({
          MetricName,
          Value,
          Timestamp: new Date(),
          Dimensions: [{ Name: "ApiId", Value: "shop" }],
        });
        await sleep(1100);
        await aws.metrics.send(
          new PutMetricDataCommand({
            Namespace: "AWS/ApiGateway",
            MetricData: [count("Count", 40), count("5xx", 3)],
          }),
        );
        await until(() => watch.of().requests > 0);
        assert.deepEqual(watch.of(), { requests: 40, failed: 3 });
      } finally {
        await watch.stop();
      }
    });
  });

  it("keeps its records, each by its name", async () => {
    const records = new BucketRecords(await bucket("records"));
    assert.deepEqual(await records.readAll(), {});
    await records.write({ deploy: { version: "v1" }, releases: [] });
    await records.write({ deploy: { version: "v2" } });
    assert.deepEqual(await records.readAll(), { deploy: { version: "v2" }, releases: [] });
    assert.deepEqual(await new BucketRecords(new RecordsBucket(aws.s3, "gone")).readAll(), {});
  });

  it("is brought by one command at a time, and what a killed one held is free again", async () => {
    const place = await bucket("lock");
    const inner = holdingBucket(place, "shop", "tristack deploy", async () => {
      assert.match((await bucketHolder(place)) ?? "", /^tristack deploy by .+ \(pid \d+\) since /);
      await assert.rejects(
        holdingBucket(place, "shop", "tristack rollback", () => Promise.resolve()),
        (error) =>
          error instanceof CliError &&
          /^The stack shop is held: tristack deploy by .*Nothing was changed/.test(error.message),
      );
      return "done";
    });
    assert.equal(await inner, "done");
    assert.equal(await bucketHolder(place), undefined);

    const many = await Promise.allSettled(
      Array.from({ length: 5 }, () => holdingBucket(place, "shop", "tristack deploy", () => sleep(500))),
    );
    assert.equal(many.filter(({ status }) => status === "fulfilled").length, 1);

    const gone = {
      what: "tristack deploy",
      since: "2026-11-26T00:00:00Z",
      renewed: new Date().toISOString(),
    };
    await place.write("lock.json", JSON.stringify({ ...gone, by: "other@elsewhere", pid: 1 }));
    await assert.rejects(
      holdingBucket(place, "shop", "tristack deploy", () => Promise.resolve()),
      CliError,
    );
    const late = { ...gone, renewed: new Date(Date.now() - 61_000).toISOString() };
    await place.write("lock.json", JSON.stringify({ ...late, by: "other@elsewhere", pid: 1 }));
    assert.equal(await holdingBucket(place, "shop", "tristack deploy", () => Promise.resolve(1)), 1);
  });

  it("brings the files of its image to S3 once, and takes those away that no kept release has", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tristack-assets-test-"));
    const image = "tristack-e2e-assets";
    const built: string[] = [];
    const build = async (tag: string, files: Record<string, string>) => {
      const context = join(folder, tag);
      await mkdir(join(context, "static/chunks"), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(context, "static", name), text);
      await writeFile(join(context, "Dockerfile"), "FROM scratch\nCOPY static /app/static\n");
      await execa("docker", ["build", "--quiet", "--tag", `${image}:${tag}`, context]);
      built.push(`${image}:${tag}`);
      return { image: `${image}:${tag}`, path: "/_next/static", folder: "/app/static" };
    };
    await ensureDocker();
    try {
      const records = await bucket("asset-lists");
      await bucket("assets");
      const assets = new Assets(aws.s3, "assets", records);
      const images = new PulledImages(aws.registry);
      const say = () => undefined;
      await assets.bring("r1", [await build("one", { "a.js": "1", "chunks/old.css": "x" })], images, say);
      await assets.bring("r2", [await build("two", { "a.js": "1", "chunks/new.css": "y" })], images, say);
      const keys = async () =>
        ((await aws.s3.send(new ListObjectsV2Command({ Bucket: "assets" }))).Contents ?? []).map(
          ({ Key }) => Key,
        );
      assert.deepEqual(await keys(), [
        "_next/static/a.js",
        "_next/static/chunks/new.css",
        "_next/static/chunks/old.css",
      ]);
      const css = await aws.s3.send(
        new GetObjectCommand({ Bucket: "assets", Key: "_next/static/chunks/new.css" }),
      );
      assert.deepEqual(
        [css.ContentType, css.CacheControl, await css.Body?.transformToString()],
        ["text/css", "public, max-age=31536000, immutable", "y"],
      );
      // Known to be there: an image that is gone is not asked for.
      await assets.bring("r2", [{ image: "none", path: "/", folder: "/" }], images, say);
      assert.equal(await assets.keepOnly(["r1", "r2"]), 0);
      assert.equal(await assets.keepOnly(["r2"]), 1);
      assert.deepEqual(await keys(), ["_next/static/a.js", "_next/static/chunks/new.css"]);
    } finally {
      for (const one of built) await execa("docker", ["image", "rm", one], { reject: false });
      await rm(folder, { recursive: true, force: true });
    }
  });
});
