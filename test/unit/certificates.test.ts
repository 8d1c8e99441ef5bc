/** Names of a certificate, and the days that it has left. */
import assert from "node:assert/strict";
import { daysLeft } from "../../cli/commands/certificate.ts";
import { certificateNames } from "../../components/docker/certificates.ts";

describe("the names of a certificate", () => {
  it("are the domain and what is named besides", () => {
    assert.deepEqual(certificateNames("shop.example.com", []), ["shop.example.com"]);
    assert.deepEqual(certificateNames("example.com", ["www.example.com"]), [
      "example.com",
      "www.example.com",
    ]);
  });

  it("leave out what a wildcard covers, which issuers refuse, and nothing else", () => {
    assert.deepEqual(certificateNames("shop.example.com", ["*.example.com", "www.example.com"]), [
      "*.example.com",
    ]);
    const kept = ["example.com", "*.example.com", "a.b.example.com", "*.b.c.example.com"];
    assert.deepEqual(certificateNames("example.com", kept.slice(1)), kept);
  });
});

describe("the days that a certificate has left", () => {
  it("are whole ones, and negative after its end", () => {
    const left = (now: string) => daysLeft({ notAfter: "2027-02-22T20:00:00Z" }, new Date(now));
    assert.equal(left("2027-02-20T19:59:59Z"), 2);
    assert.equal(left("2027-02-22T19:59:59Z"), 0);
    assert.equal(left("2027-02-22T20:00:01Z"), -1);
  });
});
