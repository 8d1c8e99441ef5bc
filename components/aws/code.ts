/** Functions whose code is here: a file of `code/` each, of what Lambda's runtime has and nothing else. */
import { fileURLToPath } from "node:url";
import * as pulumi from "@pulumi/pulumi";

/** What of a function follows from its code. */
export function codeOf(name: string) {
  const file = new URL(`code/${name}.mjs`, import.meta.url);
  return {
    code: new pulumi.asset.AssetArchive({ "index.mjs": new pulumi.asset.FileAsset(fileURLToPath(file)) }),
    handler: "index.handler",
    runtime: "nodejs24.x",
    architectures: ["arm64"],
    memorySize: 128,
    tracingConfig: { mode: "PassThrough" },
  };
}
