/** Events as API Gateway makes them. What functions answer to them is in test/e2e/aws/lambda-images.test.ts. */
import assert from "node:assert/strict";
import { httpEvent } from "../support/http-event.ts";

const AT = new Date("2020-03-02T19:03:58.390Z");

describe("events of an HTTP API", () => {
  it("are of payload format 2.0", () => {
    const event = httpEvent("GET", "/api/health", "shop.example.com", AT);
    assert.equal(event.version, "2.0");
    assert.equal(event.routeKey, "$default");
    assert.equal(event.rawPath, "/api/health");
    assert.equal(event.rawQueryString, "");
    assert.equal(event.isBase64Encoded, false);
    assert.equal(event.body, undefined);
    assert.deepEqual(event.requestContext.http, {
      method: "GET",
      path: "/api/health",
      protocol: "HTTP/1.1",
      sourceIp: "127.0.0.1",
      userAgent: "tristack",
    });
    assert.equal(event.requestContext.domainPrefix, "shop");
    assert.equal(event.requestContext.time, "02/Mar/2020:19:03:58 +0000");
    assert.equal(event.requestContext.timeEpoch, 1_583_175_838_390);
  });

  it("have a query apart from its path, as it was", () => {
    const event = httpEvent("GET", "/search?q=a%20b?c&limit=1", "shop.example.com");
    assert.equal(event.rawPath, "/search");
    assert.equal(event.rawQueryString, "q=a%20b?c&limit=1");
    assert.equal(event.requestContext.http.path, "/search");
  });

  it("come by TLS, and name the host that visitors ask for", () => {
    const { headers, requestContext } = httpEvent("HEAD", "/", "shop.example.com");
    assert.equal(headers.host, "shop.example.com");
    assert.equal(headers["x-forwarded-proto"], "https");
    assert.equal(requestContext.domainName, "shop.example.com");
    assert.equal(requestContext.http.method, "HEAD");
    for (const name of Object.keys(headers)) assert.equal(name, name.toLowerCase());
  });
});
