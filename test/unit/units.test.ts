/** Sizes and durations. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { goDuration, mebibytes, seconds } from "../../components/shared/units.ts";

describe("units", () => {
  it("reads sizes as mebibytes", () => {
    assert.equal(mebibytes("512MiB"), 512);
    assert.equal(mebibytes("2GiB"), 2048);
  });

  it("reads durations as seconds", () => {
    assert.deepEqual(["30s", "5m", "12h", "7d"].map(seconds), [30, 300, 43_200, 604_800]);
  });

  it("refuses everything else", () => {
    for (const text of ["", "1", "1GB", "1.5GiB", "-1MiB", " 1MiB", "1MiB\n2", "GiB"]) {
      assert.throws(() => mebibytes(text), /not a size/, text);
    }
    for (const text of ["", "1", "1.5m", "1 h", "-1s", "1w", "s"])
      assert.throws(() => seconds(text), /not a duration/, text);
  });

  it("writes durations as Go does", () => {
    const written = {
      "0s": "0s",
      "59s": "59s",
      "60s": "1m0s",
      "90s": "1m30s",
      "2m": "2m0s",
      "1h": "1h0m0s",
      "1d": "24h0m0s",
    };
    for (const [duration, go] of Object.entries(written)) assert.equal(goDuration(duration), go);
  });

  it("keeps the time when it writes it as Go does", () => {
    const duration = fc.tuple(fc.integer({ min: 0, max: 99_999 }), fc.constantFrom("s", "m", "h", "d"));
    fc.assert(
      fc.property(duration, ([amount, unit]) => {
        const lengths: Record<string, number> = { h: 3600, m: 60, s: 1 };
        const parts = [...goDuration(`${amount}${unit}`).matchAll(/(\d+)([hms])/g)];
        const total = parts.reduce(
          (sum, [, count, part]) => sum + Number(count) * (lengths[part ?? ""] ?? NaN),
          0,
        );
        assert.equal(total, seconds(`${amount}${unit}`));
      }),
    );
  });
});
