/** What `tristack status` tells of the certificate on a cluster. */
import assert from "node:assert/strict";
import { recordOf } from "../../cli/kubernetes/certificate-record.ts";
import { statusSchema } from "../../components/live-status.ts";

/** Made by openssl, for ten years. */
const PEM = `-----BEGIN CERTIFICATE-----
MIIBhTCCASqgAwIBAgIBKjAKBggqhkjOPQQDAjAhMQ0wCwYDVQQKDARzaG9wMRAw
DgYDVQQDDAdUZXN0IENBMB4XDTI2MTEyNTIzMTMyMVoXDTM2MTEyMjIzMTMyMVow
ITENMAsGA1UECgwEc2hvcDEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABP1UQL/GvjCs7iy+pf9tfUbmivYdOzt8cwyZxb3QoVbIOxwc
7fy7jbOA+miqov/shTf2kqtILuVTLKHQh2yQ+GmjUzBRMB0GA1UdDgQWBBSnd5iX
3/+6kKj3sbhaf+AC79jj7DAfBgNVHSMEGDAWgBSnd5iX3/+6kKj3sbhaf+AC79jj
7DAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kAMEYCIQCk91oV7NRvER0e
/62xeqAKgJHePu8IXvBw7V1KXxxzRwIhAOldGTZHnfz6zPYoeHz/3dePYDBQWIn3
j1JyPBp9KGdk
-----END CERTIFICATE-----`;
const SINCE = new Date("2026-11-01T10:00:00.123Z");
const SERVED = { notAfter: "2036-11-22T23:13:21Z", serial: "2A", issuer: "O=shop, CN=Test CA" };

describe("the certificate of a stack on a cluster", () => {
  const record = (conditions?: Parameters<typeof recordOf>[2]) => {
    const found = recordOf(PEM, SINCE, conditions);
    assert.ok(statusSchema.shape.certificate.safeParse(found).success, "as the contract has it");
    return found;
  };

  it("is what is served, since when it was given", () => {
    assert.deepEqual(record(), { at: "2026-11-01T10:00:00Z", passed: true, reason: null, ...SERVED });
  });

  it("is what cert-manager has got, or why it has not", () => {
    const at = "2026-11-02T10:00:00Z";
    const ready = { type: "Ready", status: "True", message: "up to date", lastTransitionTime: at };
    assert.deepEqual(record([ready]), { at, passed: true, reason: null, ...SERVED });
    const not = { ...ready, status: "False", message: "Issuing certificate as Secret does not exist" };
    assert.deepEqual(record([not]), { at, passed: false, reason: not.message, ...SERVED });
    const failed = { type: "Issuing", status: "False", message: "the issuer says no" };
    assert.equal(record([not, failed]).reason, failed.message);
    assert.equal(record([]).passed, false);
  });
});
