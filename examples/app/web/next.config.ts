import type { NextConfig } from "next";

/** The release that is built; both replicas are one image, so they agree on the build id and on every asset. */
const release = process.env["RELEASE"] ?? "development";

const config: NextConfig = {
  output: "standalone",
  outputFileTracingRoot: import.meta.dirname,
  generateBuildId: () => release,
  poweredByHeader: false,
  // nginx in front compresses.
  compress: false,
  // The root file system is read-only at run time: nothing may be cached on disk.
  images: { unoptimized: true },
  experimental: { isrFlushToDisk: false },
  // sharp (through next) is only for the image optimizer, which is off.
  outputFileTracingExcludes: { "*": ["node_modules/sharp/**", "node_modules/@img/**"] },
};

export default config;
