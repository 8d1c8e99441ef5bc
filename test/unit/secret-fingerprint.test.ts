/** The fingerprint of a service's secrets, which is part of its containers' names. */
import assert from "node:assert/strict";
import { prepareSecretFingerprints, secretFingerprint } from "../../components/shared/names.ts";

const OWNER = { project: "shop", stack: "production" };

describe("a fingerprint of secrets", () => {
  it("is the same whether it was prepared on another thread or not, in whatever order they come", async () => {
    const text = "prepared: hunter22";
    // As an earlier version has made them: other ones would be new containers for everybody.
    const MADE = "54ca5cbead6c5584";
    await prepareSecretFingerprints(OWNER, [
      { A: text, B: "b" },
      { B: "b", A: text },
    ]);
    assert.equal(secretFingerprint(OWNER, { B: "b", A: text }), MADE);
    assert.equal(
      secretFingerprint({ ...OWNER, stack: "staging" }, { A: "not prepared" }),
      "1a4d0feae50539dd",
    );
  });

  it("changes with a secret, its name and the stack", () => {
    const all = [
      secretFingerprint(OWNER, { A: "1" }),
      secretFingerprint(OWNER, { A: "2" }),
      secretFingerprint(OWNER, { B: "1" }),
      secretFingerprint({ ...OWNER, stack: "staging" }, { A: "1" }),
    ];
    assert.equal(new Set(all).size, 4);
    assert.ok(all.every((one) => /^[0-9a-f]{16}$/.test(one)));
  });

  it("is empty where there is none", async () => {
    await prepareSecretFingerprints(OWNER, [{}]);
    assert.equal(secretFingerprint(OWNER, {}), "");
  });
});
