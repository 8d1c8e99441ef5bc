import assert from "node:assert/strict";
import { Docker } from "../../cli/docker.ts";
import { removeNetworks } from "../../cli/sweep.ts";

/** A Docker that answers from a table, and notes what it was asked to change. */
class Table extends Docker {
  readonly changes: string[] = [];
  readonly #containers: readonly string[];
  readonly #endpoints: Record<string, { Name: string }>;

  constructor(endpoints: Record<string, { Name: string }>, containers: readonly string[]) {
    super();
    this.#endpoints = endpoints;
    this.#containers = containers;
  }

  override try(args: readonly string[]): Promise<string | undefined> {
    const name = args.at(-1) ?? "";
    if (args[0] === "inspect") return Promise.resolve(this.#containers.includes(name) ? "id" : undefined);
    if (args[1] === "inspect") return Promise.resolve(JSON.stringify(this.#endpoints));
    this.changes.push(args.join(" "));
    const attached = Object.values(this.#endpoints).some((one) => this.#containers.includes(one.Name));
    return Promise.resolve(args[1] === "rm" && attached ? undefined : "");
  }
}

describe("removing a network", () => {
  const network = { id: "n1", name: "local-network" };

  it("takes out what Docker kept of a container that no longer exists", async () => {
    const docker = new Table({ "ep-1": { Name: "gone" } }, []);
    assert.deepEqual(await removeNetworks(docker, [network]), ["local-network"]);
    assert.deepEqual(docker.changes, ["network disconnect --force n1 gone", "network rm n1"]);
  });

  it("leaves a container that exists in it, and the network too", async () => {
    const docker = new Table({ c1: { Name: "other" } }, ["other"]);
    assert.deepEqual(await removeNetworks(docker, [network]), []);
    assert.deepEqual(docker.changes, ["network rm n1"]);
  });
});
