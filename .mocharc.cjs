const { availableParallelism } = require("node:os");

module.exports = {
  spec: [
    "test/unit/**/*.test.ts",
    "test/contract/**/*.test.ts",
    "test/policy/**/*.test.ts",
    "toolchain/test/**/*.test.ts",
  ],
  // Files side by side: half the time on two CPUs. Mocha's own choice is one process less than there are CPUs.
  parallel: true,
  jobs: Math.max(2, availableParallelism()),
  // On a machine that does something else beside.
  timeout: 20_000,
  reporter: "spec",
};
