/** The same script for a machine that a cloud creates: text for its `user-data`. */
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import { type HostScriptArgs, hostScript } from "./script.ts";

const PATH = "/var/lib/tristack/prepare-host";

/**
 * A `#cloud-config` that runs the script once, at the first boot. Packed, since EC2 takes 16 KiB at most.
 * @param args.publicKeys at least one: nobody has logged in yet whose keys could be taken
 */
export function cloudInit(args: Omit<HostScriptArgs, "wait" | "dryRun">): string {
  if (args.publicKeys.length === 0)
    throw new Error("host.prepare.publicKeys is empty; needs a key for cloud-init");
  const config = {
    // Also for the image's own user, who may become root: whoever prepares the machine once more.
    ssh_authorized_keys: args.publicKeys,
    write_files: [
      {
        path: PATH,
        permissions: "0700",
        encoding: "gz+b64",
        content: gzipSync(hostScript(args)).toString("base64"),
      },
    ],
    runcmd: [["sh", PATH]],
  };
  return `#cloud-config\n${stringify(config, { lineWidth: 0 })}`;
}
