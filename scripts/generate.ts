/** `npm run generate` writes the generated files; with `--check` it only says which of them are old, and then exits 1. */
import { parseArgs } from "node:util";
import { stalePages, writeDiagrams } from "./diagrams.ts";
import { staleFiles, writeGenerated } from "./generated.ts";

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });

if (values.check) {
  const stale = [...staleFiles(), ...(await stalePages())];
  for (const name of stale) console.error(`${name} is not what the code says; needs: npm run generate`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const name of writeGenerated()) console.log(`wrote ${name}`);
  for (const name of await writeDiagrams()) console.log(`drew the diagrams of ${name}`);
}
