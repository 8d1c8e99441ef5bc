/** `tristack monitoring`: where Prometheus and Grafana are, and how to reach them. Nothing of it is on the internet. */
import { Command } from "commander";
import type { Outputs } from "../../components/outputs.ts";
import { openContext, withDocker } from "../deploy-context.ts";
import { badInput, failed } from "../errors.ts";
import { jsonOption, stackArgument } from "../options.ts";
import { print, printJson, table } from "../output.ts";
import { containersOf } from "../status.ts";
import { dockerHostOf, objectOf } from "../stack-settings.ts";

type Addresses = NonNullable<Outputs["monitoring"]>;

interface Options {
  json?: boolean;
  password?: boolean;
}

export function monitoringCommand(): Command {
  return new Command("monitoring")
    .description("addresses of Prometheus and Grafana on the host, and the ssh command that brings them here")
    .addArgument(stackArgument())
    .option("--password", "print the password of Grafana's user admin, and nothing else")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  tristack monitoring production\n  tristack monitoring production --password\n",
    )
    .action(monitoring);
}

async function monitoring(stack: string, options: Options): Promise<void> {
  const context = withDocker(openContext(stack));
  const outputs = (await context.engine.outputs()) ?? {};
  const addresses = outputs.monitoring as Addresses | null | undefined;
  if (!addresses) {
    throw badInput(`${stack} has no monitoring; needs \`monitoring: {}\` in its settings, and an update`);
  }
  if (options.password) {
    const grafana = (await containersOf(context)).find(({ part }) => part === "monitoring-grafana");
    if (!grafana) throw failed(`${stack} runs no Grafana`);
    return print(
      (await context.docker.run(["exec", grafana.name, "cat", "/run/secrets/GRAFANA_PASSWORD"])).trim(),
    );
  }
  const host = dockerHostOf(context.file);
  const { sshOptions } = objectOf(context.file.config.host);
  const tunnel = tunnelTo(addresses, host, Array.isArray(sshOptions) ? sshOptions.map(String) : []);
  if (options.json) return printJson({ stack, ...addresses, tunnel });
  print(
    table([
      ["Prometheus", addresses.metrics ?? "none"],
      [
        "Grafana",
        addresses.dashboards ? `${addresses.dashboards} (user admin; --password shows its password)` : "none",
      ],
      ...(tunnel ? [["from here", tunnel.join(" ")]] : []),
    ]),
  );
}

/** The command that makes the host's addresses this machine's, as words; null where the host is this machine. */
export function tunnelTo(
  addresses: Addresses,
  host: string | undefined,
  sshOptions: string[],
): string[] | null {
  if (!host?.startsWith("ssh://")) return null;
  const ports = [addresses.metrics, addresses.dashboards].flatMap((url) => (url ? [new URL(url).port] : []));
  return ["ssh", ...sshOptions, "-N", ...ports.flatMap((port) => ["-L", `${port}:127.0.0.1:${port}`]), host];
}
