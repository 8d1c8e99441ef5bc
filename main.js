// Plain JavaScript, so that an old Node gets this sentence and not a syntax error from a TypeScript file.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(
    `Tristack needs Node 22.18 or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      "Run Pulumi as `npx pulumi …` in this folder: the project brings its own Node.",
  );
  process.exit(1);
}

export default (await import("./index.ts")).default;
