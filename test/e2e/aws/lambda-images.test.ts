/**
 * The images of the sample application, the very ones that a VPS and a cluster run, as functions of Lambda: AWS' emulator of
 * its runtime interface starts them and hands them events of an HTTP API.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type HttpEvent, httpEvent } from "../../support/http-event.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { docker } from "../../support/e2e-engine.ts";
import { ask } from "../../support/e2e-http.ts";
import { LambdaFunction, bodyOf } from "../../support/e2e-lambda.ts";
import { BYTES, COMMANDS, FONT, type LambdaSite, lambdaSite, serve } from "../../support/e2e-lambda-site.ts";
import { until } from "../../support/e2e-until.ts";
import { freePort } from "../../support/free-port.ts";

const HOST = "shop.example.com";
const MISSING = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:missing-AbCdEf";

const get = (path: string, over: Partial<HttpEvent> = {}): HttpEvent => ({
  ...httpEvent("GET", path, HOST),
  ...over,
});
const post = (path: string, body: string, isBase64Encoded = false): HttpEvent => {
  const event = httpEvent("POST", path, HOST);
  return {
    ...event,
    headers: { ...event.headers, "content-type": "application/json" },
    body,
    isBase64Encoded,
  };
};

describe("images of the sample application on Lambda", () => {
  const stops: (() => unknown)[] = [];
  let site: LambdaSite;
  let api: LambdaFunction;
  let web: LambdaFunction;

  before(async () => {
    site = await lambdaSite(stops);
    ({ api, web } = site);
  });
  after(async () => {
    for (const stop of stops.toReversed()) await stop();
  });

  const json = async (event: HttpEvent) => {
    const answer = await api.answer(event);
    return { status: answer.statusCode, body: JSON.parse(bodyOf(answer).toString()) as unknown };
  };

  it("answer what a deploy asks a version that nobody asks yet", async () => {
    const release = site.images.api.split(":")[1];
    const answers = [await api.answer(get("/health")), await web.answer(get("/api/health"))];
    for (const { statusCode, headers } of answers) {
      assert.equal(statusCode, 200);
      assert.equal(headers?.["x-release"], release);
      assert.match(headers?.["content-type"] ?? "", /^application\/json/);
    }
    const [ofApi, ofWeb] = answers.map((one) => JSON.parse(bodyOf(one).toString()) as unknown);
    // No Redis at AWS, and nothing misses it.
    assert.deepEqual(ofApi, { status: "ok", release, checks: { postgres: "ok" } });
    assert.deepEqual(ofWeb, { status: "ok", release });
    console.log(
      `      cold starts: api ${await api.startMilliseconds()} ms, web ${await web.startMilliseconds()} ms`,
    );
  });

  describe("api", () => {
    it("takes a body as text and in base64, and a query", async () => {
      const titles = ["plain: äöü €", "encoded: äöü €"];
      const [plain = "", encoded = ""] = titles.map((title) => JSON.stringify({ title }));
      const first = await json(post("/api/items", plain));
      const second = await json(post("/api/items", Buffer.from(encoded).toString("base64"), true));
      assert.deepEqual([first.status, second.status], [201, 201]);
      assert.deepEqual((await json(get("/api/items?limit=1"))).body, [second.body]);
      const both = (await json(get("/api/items?limit=2"))).body as { title: string }[];
      assert.deepEqual(
        both.map(({ title }) => title),
        titles.toReversed(),
      );
    });

    it("sets a cookie, and knows it again", async () => {
      const { cookies = [] } = await api.answer(get("/api/items"));
      assert.equal(cookies.length, 1);
      // TLS ends before the function: it hears of it from a header.
      assert.match(cookies[0] ?? "", /^sample_user=\w+\.\w+; HttpOnly; .*Secure$/);
      const [cookie = ""] = (cookies[0] ?? "").split(";");
      const again = await api.answer(get("/api/items", { cookies: ["other=1", cookie] }));
      assert.deepEqual(again.cookies ?? [], []);
    });

    it("refuses what it should", async () => {
      assert.equal((await json(post("/api/items", "{"))).status, 422);
      assert.equal((await json(get("/api/items/2147483000"))).status, 404);
      assert.equal((await json(get("/api/nothing"))).status, 404);
      assert.equal((await json(get("/api/counter"))).status, 404, "nothing to count in");
    });
  });

  describe("web", () => {
    it("answers a page with what the api answers it", async () => {
      const title = `on the page ${randomBytes(4).toString("hex")}`;
      await api.answer(post("/api/items", JSON.stringify({ title })));
      const answer = await web.answer(get("/"));
      assert.equal(answer.statusCode, 200);
      assert.match(answer.headers?.["content-type"] ?? "", /^text\/html/);
      const page = bodyOf(answer).toString();
      assert.ok(page.includes(`<li>${title}</li>`), page);
      assert.match(page, /<b id="environment">production<\/b>/);
      assert.doesNotMatch(page, /id="counter"/);
    });

    it("has its secret and the visitor's cookies: PostHog is asked with both", async () => {
      await web.answer(get("/", { cookies: ["other=1", "sample_user=visitor7.signature"] }));
      const asked = site.flagsAsked.find((body) => body.includes('"visitor7"'));
      assert.ok(asked?.includes(site.secrets.POSTHOG_API_KEY), site.flagsAsked.join());
    });

    it("answers static files byte for byte", async () => {
      const font = await web.answer(get(FONT));
      assert.equal(font.statusCode, 200);
      assert.match(font.headers?.["content-type"] ?? "", /^font\/woff2/);
      assert.match(font.headers?.["cache-control"] ?? "", /immutable/);
      assert.ok(bodyOf(font).equals(BYTES));
      const page = bodyOf(await web.answer(get("/"))).toString();
      const [script = ""] = /\/_next\/static\/[^"]+\.js/.exec(page) ?? [];
      const kept = await docker("exec", web.container, "cat", script.replace("/_next", "/app/.next"));
      const answered = bodyOf(await web.answer(get(script))).toString();
      assert.equal(answered.trim(), kept);
    });

    it("answers paths that API Gateway has decoded", async () => {
      for (const rawPath of ["/not there?", "/ä/100%/#"]) {
        const { statusCode, headers } = await web.answer(get("/", { rawPath }));
        assert.equal(statusCode, 404, rawPath);
        assert.match(headers?.["content-type"] ?? "", /^text\/html/);
      }
      const twice = await web.answer(get("/api/health", { rawPath: "/api/he%61lth" }));
      assert.equal(twice.statusCode, 404, "decoded once, not twice");
    });

    it("answers HEAD without a body, and goes on after what is no request", async () => {
      const head = await web.answer(httpEvent("HEAD", "/api/health", HOST));
      assert.equal(head.statusCode, 200);
      assert.equal(bodyOf(head).length, 0);
      const { errorMessage } = await web.fault({ Records: [] });
      assert.equal(errorMessage, "This function answers events of HTTP APIs, payload format 2.0");
      assert.equal((await web.answer(get("/api/health"))).statusCode, 200);
    });

    it("leaves the API to the browser where it cannot reach it", async () => {
      const environment = { API_INTERNAL_URL: "none" };
      const made = { image: site.images.web, command: COMMANDS.web, environment };
      const alone = await LambdaFunction.create("alone", made);
      try {
        const page = bodyOf(await alone.answer(get("/"))).toString();
        assert.match(page, /<ul id="items"><\/ul>/);
        assert.doesNotMatch(page, /role="alert"/);
      } finally {
        await alone.dispose();
      }
    });
  });

  describe("both", () => {
    it("keep secrets out of their variables and out of what they say", async () => {
      const hidden = [...Object.values(site.secrets), site.postgres.password];
      for (const made of [api, web]) {
        const variables = (await made.inspect()).Config.Env ?? [];
        assert.ok(variables.some((one) => /^(SECRET_KEY|POSTHOG_API_KEY)_ARN=arn:aws:/.test(one)));
        for (const place of [...variables, await made.log()])
          for (const secret of hidden) assert.ok(!place.includes(secret));
      }
    });

    it("are the images that start anywhere else as they always did", async () => {
      const { images, postgres, secrets } = site;
      const [apiPort, webPort, redisPort] = [await freePort(), await freePort(), await freePort()];
      const env = { DATABASE_URL: postgres.url, SECRET_KEY: secrets.SECRET_KEY, PORT: String(apiPort) };
      const refused = ended(await serve(images.api, env, ["--rm"]), 2);
      assert.match(refused.all, /1 setting is wrong:\n {2}REDIS_URL: is not set; needs/);
      const apiUrl = `http://127.0.0.1:${apiPort}`;
      const started = [
        await serve(images.redis, {}, ["--detach"], ["redis-server", "--port", String(redisPort)]),
        await serve(images.api, { ...env, REDIS_URL: `redis://127.0.0.1:${redisPort}/0` }, ["--detach"]),
        await serve(images.web, { PORT: String(webPort), API_INTERNAL_URL: apiUrl }, ["--detach"]),
      ].map((ran) => succeeded(ran).stdout.trim());
      stops.push(() => docker("rm", "--force", "--volumes", ...started));
      await until(30, "the api is healthy", async () => (await ask(`${apiUrl}/health`)).status === 200);
      const page = `http://127.0.0.1:${webPort}/`;
      await until(30, "the page has a counter", async () =>
        /id="counter"/.test(String((await ask(page)).body)),
      );
    });

    for (const [service, name] of [
      ["api", "SECRET_KEY"],
      ["web", "SENTRY_DSN"],
    ] as const)
      it(`say why the ${service} cannot start: a secret that is not there, or may not be read`, async () => {
        const said = `cannot start, 1 setting is wrong:\n  ${name}_ARN: is "${MISSING}"; needs a secret that can be read`;
        for (const [keys, reason] of [
          [site.keys, /ResourceNotFoundException: .*can't find the specified secret/],
          [{ ...site.keys, AWS_SECRET_ACCESS_KEY: "another" }, /\(403: /],
        ] as const) {
          const environment = { ...keys, [`${name}_ARN`]: MISSING };
          const made = { image: site.images[service], command: COMMANDS[service], environment };
          const broken = await LambdaFunction.create("broken", made);
          try {
            const { errorType, errorMessage } = await broken.fault(get("/health"));
            assert.equal(errorType, "Function.SettingsError");
            assert.ok(errorMessage.includes(said), errorMessage);
            assert.match(errorMessage, reason);
            const log = await broken.log();
            assert.ok(log.includes(said), log);
            assert.doesNotMatch(log, /File "|at .*:\d+:\d+/, "no traceback");
          } finally {
            await broken.dispose();
          }
        }
      });
  });
});
