/** What containers are called in the stack, as a metric: to the kernel, and so to cAdvisor, they are only ids. */
import * as pulumi from "@pulumi/pulumi";
import type { Watched } from "../container.ts";

/** Text of a file for node-exporter's textfile collector. */
export function containerNames(watched: readonly Watched[]): pulumi.Output<string> {
  return pulumi.all(watched.map(({ id }) => id)).apply((ids) => {
    const lines = watched.map(({ resource, service = "", version = "" }, index) => {
      const labels = Object.entries({ container_id: ids[index] ?? "", resource, service, version })
        .map(([name, value]) => `${name}="${value}"`)
        .join(",");
      return `tristack_container_info{${labels}} 1\n`;
    });
    return `# TYPE tristack_container_info gauge\n${lines.sort().join("")}`;
  });
}
