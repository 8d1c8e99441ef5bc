/** Copies of the state, and the proof that a backup can be restored. */
import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { CliError } from "../../cli/errors.ts";
import { proofWarning } from "../../cli/restore-proof.ts";
import { parseS3 } from "../../cli/s3.ts";
import { type StateCopy, newRecoveryKey, seal, unseal } from "../../cli/state-copy.ts";
import { changed, goodConfig, problemLines, vpsSettings } from "../support/settings.ts";

const COPY: StateCopy = {
  format: 1,
  project: "shop",
  stack: "production",
  at: "2026-11-24T10:00:00.000Z",
  settingsFile: "config: {}\n",
  passphrase: "planted-passphrase",
  state: '{"deployment":{}}',
  records: { releases: [] },
};

describe("a copy of the state", () => {
  it("is opened by its recovery key alone", async () => {
    const [key, other] = [await newRecoveryKey(), await newRecoveryKey()];
    const sealed = await seal(COPY, key.publicKey);
    assert.match(sealed, /^-----BEGIN AGE ENCRYPTED FILE-----/);
    assert.doesNotMatch(Buffer.from(sealed).toString(), /planted-passphrase|shop/);
    assert.deepEqual(await unseal(sealed, `${key.secretKey}\n`), COPY);
    for (const wrong of [other.secretKey, key.publicKey, ""]) {
      await assert.rejects(unseal(sealed, wrong), (error: CliError) => {
        assert.equal(error.exitCode, 2);
        assert.ok(wrong === "" || !error.message.includes(wrong), "no key in the message");
        return true;
      });
    }
  });

  it("that was cut off is not opened", async () => {
    const key = await newRecoveryKey();
    const sealed = await seal(COPY, key.publicKey);
    await assert.rejects(unseal(sealed.slice(0, -60), key.secretKey), CliError);
  });

  it("has a public key that the settings take", async () => {
    const { publicKey } = await newRecoveryKey();
    const config = { ...goodConfig(), backup: { recoveryKey: publicKey } };
    assert.deepEqual(problemLines(config), []);
  });
});

describe("the address of backups in S3", () => {
  it("is a bucket and folders", () => {
    assert.deepEqual(parseS3("s3://my-backups/shop/production"), {
      bucket: "my-backups",
      prefix: "shop/production/",
    });
    assert.deepEqual(parseS3("s3://my-backups"), { bucket: "my-backups", prefix: "" });
  });

  it("is nothing else", () => {
    for (const text of ["my-backups", "https://my-backups", "s3://"])
      assert.throws(() => parseS3(text), CliError);
  });
});

describe("a release with migrations", () => {
  const now = new Date("2026-11-24T10:00:00Z");
  const settings = (backup?: object, path: string[] = ["release"]) =>
    vpsSettings(changed({ ...goodConfig(), backup }, path, undefined));
  const proof = (at: string, passed = true) => ({ at, passed });

  it("is silent while a backup was restored lately", () => {
    assert.equal(proofWarning(settings({}), proof("2026-11-22T05:00:00Z"), now), undefined);
  });

  it("warns when the proof is old, failed, or was never made, and when there are no backups", () => {
    assert.match(proofWarning(settings({}), proof("2026-11-15T05:00:00Z"), now) ?? "", /tried 9 days ago/);
    assert.match(
      proofWarning(settings({}), proof("2026-11-24T05:00:00Z", false), now) ?? "",
      /could not be restored/,
    );
    assert.match(proofWarning(settings({}), null, now) ?? "", /no backup was ever restored/);
    assert.match(proofWarning(settings(), null, now) ?? "", /there are no backups/);
  });

  it("counts the age by the drill's own schedule", () => {
    const monthly = settings({ drill: "0 5 1 * *" });
    assert.equal(proofWarning(monthly, proof("2026-11-01T05:00:00Z"), now), undefined);
  });

  it("is the only kind that warns", () => {
    assert.equal(proofWarning(settings(undefined, ["services", "api", "migrate"]), null, now), undefined);
  });
});
