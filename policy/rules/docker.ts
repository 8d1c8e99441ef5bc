/** Containers of a host: traps that cost others an outage (anchors/vps.md, numbered as there, from 101). */
import { type Rule, at, listAt, ofType, textAt } from "../rule.ts";

const CONTAINER = "docker:index/container:Container";

export const dockerRules: readonly Rule[] = [
  {
    number: 101,
    name: "docker-time-to-stop",
    ids: ["own"],
    meaning: "A container is told to stop, and has time to, before it is killed.",
    types: [CONTAINER],
    // What runs to its end, or never starts, has nothing to finish.
    holds: (props) => props.mustRun === false || Number(props.destroyGraceSeconds ?? 0) > 0,
  },
  {
    number: 102,
    name: "docker-no-names",
    ids: ["own"],
    meaning: "A container's name is made up: one of a fixed name is deleted before the next one is there.",
    types: [CONTAINER],
    holds: (props) => !isFixed(textAt(props, "name")),
  },
  {
    number: 103,
    name: "docker-one-door",
    ids: ["own"],
    meaning:
      "One container at most publishes ports to everybody: a second of the kind cannot start beside it.",
    breaches: (all) =>
      ofType(all, CONTAINER)
        .filter(({ props }) =>
          listAt(props, "ports").some((port) => !/^(127\.|::1)/.test(textAt(port, "ip"))),
        )
        .slice(1),
  },
  {
    number: 113,
    name: "docker-volumes-kept",
    ids: ["own"],
    meaning:
      "A volume of staging and production refuses to be deleted, since a changed label would replace it.",
    kinds: ["staging", "production"],
    breaches: (all) => ofType(all, "docker:index/volume:Volume").filter(({ protect }) => !protect),
  },
  {
    number: 118,
    name: "docker-restarts",
    ids: ["own"],
    meaning: "A container that serves comes back after a crash and a restart of the host.",
    types: [CONTAINER],
    holds: (props) =>
      props.mustRun === false || ["always", "unless-stopped"].includes(textAt(props, "restart")),
  },
  {
    number: 119,
    name: "docker-not-privileged",
    ids: ["own"],
    meaning: "A container has no more rights than it was given by name.",
    types: [CONTAINER],
    holds: (props) =>
      props.privileged !== true &&
      at(props, "networkMode") !== "host" &&
      !listAt(props, "volumes").some((one) => textAt(one, "hostPath") === "/var/run/docker.sock"),
  },
];

/** Pulumi's own names end in 7 hexadecimal digits. */
function isFixed(name: string): boolean {
  return name !== "" && !/-[0-9a-f]{6,7}$/.test(name);
}
