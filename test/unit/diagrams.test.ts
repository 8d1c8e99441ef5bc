/** Diagrams say what a graph has: its components, what they need, and where requests go. */
import assert from "node:assert/strict";
import { flowchart, groupsOf, withDiagrams } from "../../scripts/diagrams.ts";
import { registered } from "../support/planned.ts";

const CONTAINER = "docker:index/container:Container";
const within = (parent: string, parentType: string, ...waitsFor: string[]) => ({
  parent,
  parentType,
  waitsFor,
});
const component = (type: string, name: string, parent = "", parentType = "") =>
  registered(type, name, {}, { custom: false, parent, parentType });

/** A proxy, a service with a migration in it, a database; and another container of the database's name, in the service. */
const GRAPH = [
  registered("pulumi:providers:docker", "docker"),
  component("tristack:docker:Proxy", "proxy"),
  component("tristack:docker:Service", "api"),
  component("tristack:docker:Migration", "api-migration", "api", "tristack:docker:Service"),
  component("tristack:docker:Postgres", "postgres"),
  registered(
    CONTAINER,
    "proxy",
    {},
    within("proxy", "tristack:docker:Proxy", "docker:index/volume:Volume::postgres"),
  ),
  registered("docker:index/volume:Volume", "postgres", {}, within("postgres", "tristack:docker:Postgres")),
  registered(CONTAINER, "postgres", {}, within("api", "tristack:docker:Service")),
  registered(
    CONTAINER,
    "migrate",
    {},
    within("api-migration", "tristack:docker:Migration", `${CONTAINER}::postgres`),
  ),
];

describe("diagrams", () => {
  it("have a box for each component at the top, with all that is in it", () => {
    const groups = groupsOf(GRAPH);
    assert.deepEqual(
      groups.map(({ name }) => name),
      ["api", "postgres", "proxy"],
    );
    assert.deepEqual([...(groups[0]?.kinds ?? [])], [["Container", 2]]);
  });

  it("know what is needed by type and name: a resource of the same name is another one", () => {
    const [api, postgres, proxy] = groupsOf(GRAPH);
    assert.deepEqual([...(proxy?.needs ?? [])], ["postgres"]);
    assert.deepEqual([api?.needs.size, postgres?.needs.size], [0, 0]);
  });

  it("show where requests go, and no arrow for what is needed through another", () => {
    const kinds = new Map([["Container", 1]]);
    const group = (name: string, type: string, ...needs: string[]) => ({
      name,
      type,
      kinds,
      needs: new Set(needs),
    });
    const chart = flowchart(
      [
        group("api", "s", "postgres", "ground"),
        group("end", "s"),
        group("ground", "g"),
        group("network", "n", "ground"),
        group("postgres", "p", "network"),
        group("proxy", "tristack:docker:Proxy"),
      ],
      ["api"],
    );
    assert.deepEqual(
      chart.split("\n").filter((line) => /[-=]=?>/.test(line)),
      [
        '  visitors(("visitors")) ==> c_proxy',
        "  c_proxy ==> c_api",
        "  c_api --> c_postgres",
        "  c_network --> c_ground",
        "  c_postgres --> c_network",
      ],
    );
    assert.match(chart, /^ {2}c_end\["<b>end<\/b>/m);
  });

  it("end where two groups need parts of each other, and keep both arrows", () => {
    const kinds = new Map([["Function", 1]]);
    const chart = flowchart([
      { name: "a", type: "t", kinds, needs: new Set(["b"]) },
      { name: "b", type: "t", kinds, needs: new Set(["a"]) },
    ]);
    assert.match(chart, /c_a --> c_b\n {2}c_b --> c_a$/);
  });

  it("are put where a page has a place for them, and nowhere else", () => {
    const page = "before\n<!-- diagram vps -->\nold\n<!-- end of diagram -->\nafter\n";
    const filled = withDiagrams("x.md", page, { vps: "flowchart LR" });
    assert.equal(
      filled,
      "before\n<!-- diagram vps -->\n\n```mermaid\nflowchart LR\n```\n\n<!-- end of diagram -->\nafter\n",
    );
    assert.equal(withDiagrams("x.md", filled, { vps: "flowchart LR" }), filled);
    assert.throws(() => withDiagrams("x.md", page, {}), /x\.md: there is no diagram vps/);
    assert.throws(() => withDiagrams("x.md", "none", {}), /x\.md has no place for a diagram/);
  });
});
