/** The targets, each with the SDKs that it alone needs: loaded when it is asked for. */
export const TARGETS = {
  vps: async () => (await import("./vps.ts")).vps,
  kubernetes: async () => (await import("./kubernetes.ts")).kubernetes,
  aws: async () => (await import("./aws.ts")).awsTarget,
  cluster: async () => (await import("./cluster.ts")).cluster,
  account: async () => (await import("./account.ts")).account,
  host: async () => (await import("./host.ts")).host,
};
