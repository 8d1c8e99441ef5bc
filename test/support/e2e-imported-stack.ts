/** A stack that was never made here: its state is written down as an update would have left it. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { PROJECT } from "./e2e-clone.ts";
import { succeeded } from "./e2e-command.ts";
import type { Workspace } from "./e2e-workspace.ts";
import type { Config } from "./settings.ts";

export interface ImportedStack {
  readonly stack: string;
  readonly settings: Config;
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Names of services' functions by service. */
  readonly functions: Readonly<Record<string, string>>;
}

export async function importStack(place: Workspace, { stack, settings, outputs, functions }: ImportedStack) {
  const config = Object.fromEntries(
    Object.entries(settings)
      .filter(([key]) => key !== "secrets")
      .map(([key, value]) => [`${PROJECT}:${key}`, value]),
  );
  await writeFile(join(place.root, `Pulumi.${stack}.yaml`), stringify({ config }));
  succeeded(await place.pulumi(["stack", "init", stack]));
  const urn = (type: string, name: string) => `urn:pulumi:${stack}::${PROJECT}::${type}::${name}`;
  const root = urn("pulumi:pulumi:Stack", `${PROJECT}-${stack}`);
  const component = "tristack:aws:ServiceFunction";
  const ofFunctions = Object.entries(functions).flatMap(([service, name]) => {
    const parent = urn(component, service);
    const made = (type: string, outputs: object) => ({
      urn: urn(`${component}$${type}`, service),
      ...{ custom: true, external: true, type, parent, id: name, outputs },
    });
    return [
      { urn: parent, custom: false, type: component, parent: root },
      made("aws:lambda/function:Function", { name, version: "1" }),
      made("aws:lambda/alias:Alias", { functionName: name }),
    ];
  });
  const resources = [{ urn: root, custom: false, type: "pulumi:pulumi:Stack", outputs }, ...ofFunctions];
  const manifest = { time: new Date().toISOString(), magic: "", version: "" };
  const state = { version: 3, deployment: { manifest, resources } };
  succeeded(await place.pulumi(["stack", "import", "--stack", stack], { input: JSON.stringify(state) }));
}
