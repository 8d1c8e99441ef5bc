/**
 * The sample application as a person uses it, in a real browser. Run against an environment that is there:
 *
 *   E2E_BASE_URL=https://staging.example.com npm run test:browser
 *
 * E2E_VERSION is the version that has to be served, if only one will do. E2E_BROWSER names an executable of Chromium in
 * place of Playwright's own; E2E_INSECURE=1 takes any certificate, as that of a local stack.
 */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "mocha";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright";

const BASE = process.env.E2E_BASE_URL;
const VERSION = process.env.E2E_VERSION;
/** Screenshots and traces of what failed; the workflow keeps them. */
const SEEN = join(import.meta.dirname, "seen");

describe("the application, in a browser", () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** Errors that the page's own scripts and requests had. */
  let troubles: string[];

  before(async () => {
    assert.ok(BASE, "E2E_BASE_URL is not set; needs the address of an environment");
    browser = await chromium.launch({ executablePath: process.env.E2E_BROWSER || undefined });
  });
  after(() => browser?.close());

  beforeEach(async () => {
    context = await browser.newContext({
      baseURL: BASE,
      ignoreHTTPSErrors: process.env.E2E_INSECURE === "1",
    });
    await context.tracing.start({ screenshots: true, snapshots: true });
    page = await context.newPage();
    troubles = [];
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("response", (response) => {
      if (response.status() >= 500) troubles.push(`${response.status()} of ${response.url()}`);
    });
  });

  afterEach(async function () {
    const failed = this.currentTest?.state === "failed";
    const name = (this.currentTest?.title ?? "").replaceAll(/\W+/g, "-");
    if (failed) {
      mkdirSync(SEEN, { recursive: true });
      await page.screenshot({ path: join(SEEN, `${name}.png`), fullPage: true });
    }
    await context.tracing.stop(failed ? { path: join(SEEN, `${name}.zip`) } : {});
    await context.close();
  });

  async function open() {
    const answer = await page.goto("/");
    assert.equal(answer?.status(), 200);
    // The server has drawn the page; what is clicked before its scripts have taken over is lost, and React marks what it has.
    await page.waitForFunction(
      `Object.keys(document.querySelector("button") ?? {}).some((key) => key.startsWith("__reactProps"))`,
    );
  }

  it("shows the version that was deployed, of web and api", async () => {
    await open();
    const web = await page.locator("#web-release").textContent();
    assert.ok(web);
    if (VERSION) assert.equal(web, VERSION);
    const health = await page.request.get("/health");
    assert.equal(health.status(), 200);
    const { release } = (await health.json()) as { release: string };
    assert.equal(release, web);
    assert.deepEqual(troubles, []);
  });

  it("adds an item, which is there for the next visitor", async () => {
    await open();
    const title = `by a browser, ${Date.now()}`;
    await page.getByLabel("Title of the new item").fill(title);
    await page.getByRole("button", { name: "Add", exact: true }).click();
    await page.getByText(title).waitFor();
    const other = await browser.newContext({
      baseURL: BASE,
      ignoreHTTPSErrors: process.env.E2E_INSECURE === "1",
    });
    const visitor = await other.newPage();
    await visitor.goto("/");
    await visitor.getByText(title).waitFor();
    await other.close();
    assert.deepEqual(troubles, []);
  });

  it("counts", async () => {
    await open();
    const counter = page.locator("#counter");
    const before = Number(await counter.textContent());
    await page.getByRole("button", { name: "Add one" }).click();
    await page.waitForFunction(`Number(document.querySelector("#counter").textContent) > ${before}`);
    assert.deepEqual(troubles, []);
  });

  it("answers a page that is not there with one that says so", async () => {
    const answer = await page.goto("/there-is-no-such-page");
    assert.equal(answer?.status(), 404);
  });
});
