/**
 * What docs/aws.md says of the Lambda Web Adapter: with it in `/opt/extensions` an image needs nothing else, and nothing of it
 * knows of Lambda. The adapter is built from Rust's registry, the image is the sample's web, started by its own command.
 */
import assert from "node:assert/strict";
import { httpEvent } from "../../support/http-event.ts";
import { imageName } from "../../../cli/images.ts";
import { ensureDocker } from "../../../toolchain/docker.ts";
import { ensureBaseImages } from "../../../toolchain/images.ts";
import { cargoTool } from "../../support/e2e-cargo-tool.ts";
import { sweep } from "../../support/e2e-engine.ts";
import { buildSample } from "../../support/e2e-images.ts";
import { LambdaFunction, bodyOf } from "../../support/e2e-lambda.ts";
import { freePort } from "../../support/free-port.ts";

/** The newest that there is. */
const ADAPTER = ["lambda_web_adapter", "1.0.0-rc1", "lambda-adapter"] as const;
const HOST = "shop.example.com";

describe("an image with the Lambda Web Adapter", () => {
  let adapter: string | undefined;
  let web: LambdaFunction | undefined;

  before(async () => {
    adapter = await cargoTool(...ADAPTER);
    if (adapter === undefined) return;
    await ensureDocker();
    await sweep();
    const version = await buildSample("lambda", await ensureBaseImages());
    const port = String(await freePort());
    web = await LambdaFunction.create("adapter", {
      image: imageName("web", version),
      // The first two as components/aws/service-function.ts sets them.
      environment: {
        AWS_LWA_PORT: port,
        AWS_LWA_READINESS_CHECK_PATH: "/api/health",
        PORT: port,
        API_INTERNAL_URL: "none",
      },
      options: ["--volume", `${adapter}:/opt/extensions/lambda-adapter:ro`],
    });
  });
  after(async () => web?.dispose());

  it("answers events by its own command (needs cargo, to build the adapter)", async function () {
    if (web === undefined) return this.skip();
    const health = await web.answer(httpEvent("GET", "/api/health", HOST));
    assert.equal(health.statusCode, 200);
    assert.match(bodyOf(health).toString(), /"status":"ok"/);
    const page = await web.answer(httpEvent("GET", "/?a=1", HOST));
    assert.equal(page.statusCode, 200);
    assert.match(bodyOf(page).toString(), /<ul id="items">/);
    assert.equal((await web.answer(httpEvent("GET", "/nothing", HOST))).statusCode, 404);
    console.log(`      cold start: ${await web.startMilliseconds()} ms`);
  });
});
