/** The program's order as Compose's `depends_on`. */
import { LABEL } from "../components/shared/labels.ts";
import { type Inspected, resourceOf } from "./inspected.ts";

type Condition = "service_started" | "service_healthy" | "service_completed_successfully";
type Dependencies = Record<string, { condition: Condition }>;

/** What each part waits for; `services` are all of them by their name in the Compose file. */
export function dependencies(key: string, services: ReadonlyMap<string, Inspected>): Dependencies {
  const self = services.get(key);
  if (!self) return {};
  const named = (...resources: string[]) =>
    [...services].filter(([, container]) => resources.includes(resourceOf(container))).map(([name]) => name);
  const on = (condition: Condition, names: string[]): Dependencies =>
    Object.fromEntries(names.map((name) => [name, { condition }]));

  // nginx must find all names when it starts. That they are healthy, which the program's switch waits for, is what
  // `up --wait` itself waits for: asking for it here too would only hold Compose up.
  if (resourceOf(self) === "proxy")
    return on(
      "service_started",
      [...services.keys()].filter((name) => name !== key),
    );

  const stores = named("postgres", "redis");
  // Whoever is on the network of the stores uses them; the migration too.
  const waits = !stores.includes(key) && sharesNetwork(self, services.get("postgres"));
  // Only containers that waited for a migration carry its label.
  const service =
    self.Config.Labels[LABEL.migration] === undefined ? undefined : self.Config.Labels[LABEL.service];
  return {
    ...(waits ? on("service_healthy", stores) : {}),
    ...(service === undefined ? {} : on("service_completed_successfully", named(`${service}-migration`))),
  };
}

function sharesNetwork(a: Inspected, b: Inspected | undefined): boolean {
  const names = Object.keys(b?.NetworkSettings.Networks ?? {});
  return Object.keys(a.NetworkSettings.Networks).some((name) => names.includes(name));
}
