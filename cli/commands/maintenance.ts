/** `tristack maintenance on|off`: a page with status 503 instead of the site. Nothing is reloaded or restarted. */
import { Argument, Command } from "commander";
import { openContext, withDocker } from "../deploy-context.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson } from "../output.ts";
import { onProxy } from "../proxy.ts";

export function maintenanceCommand(): Command {
  return new Command("maintenance")
    .description("answer every visitor with a 503 page, or stop doing so; services go on running")
    .addArgument(new Argument("<mode>", "on or off").choices(["on", "off"]))
    .addArgument(stackArgument())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack maintenance on production\n  tristack maintenance off production\n",
    )
    .action(async (mode: "on" | "off", stack: string, options: { json?: boolean }) => {
      await onProxy(
        withDocker(openContext(stack)),
        mode === "on" ? "touch /conf/maintenance" : "rm -f /conf/maintenance",
      );
      if (options.json) printJson({ stack, maintenance: mode === "on" });
      else print(`${stack}: maintenance is ${mode}.`);
    });
}
