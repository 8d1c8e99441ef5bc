/** `tristack monitoring`: the way to what is published to the host alone. */
import assert from "node:assert/strict";
import { tunnelTo } from "../../cli/commands/monitoring.ts";

const BOTH = { metrics: "http://127.0.0.1:9090", dashboards: "http://127.0.0.1:3001" };

describe("the way to a host's monitoring", () => {
  it("is ssh with the ports of all there is", () => {
    assert.deepEqual(tunnelTo(BOTH, "ssh://deploy@shop.example.com", ["-i", "key"]), [
      ...["ssh", "-i", "key", "-N"],
      ...["-L", "9090:127.0.0.1:9090", "-L", "3001:127.0.0.1:3001"],
      "ssh://deploy@shop.example.com",
    ]);
    const without = tunnelTo({ ...BOTH, dashboards: null }, "ssh://deploy@shop.example.com", []);
    assert.equal(without?.join(" "), "ssh -N -L 9090:127.0.0.1:9090 ssh://deploy@shop.example.com");
  });

  it("is none where the host is this machine", () => {
    assert.equal(tunnelTo(BOTH, undefined, []), null);
    assert.equal(tunnelTo(BOTH, "unix:///var/run/docker.sock", []), null);
  });
});
