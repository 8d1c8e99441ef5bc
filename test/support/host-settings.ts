/** Settings of a machine alone, to test with. */
import type { Config } from "./settings.ts";

export const PUBLIC_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILuOaZGBcucOIwkDBjIDdXxAyjtRnTqTVBihGu2sTDxk ann@laptop";

export function goodHost(): Config {
  return {
    target: "host",
    environment: { kind: "production" },
    machine: {
      region: "eu-central-1",
      sshFrom: ["198.51.100.7/32", "192.0.2.0/24"],
      prepare: { publicKeys: [PUBLIC_KEY], ports: [51_820] },
    },
    dns: { zone: "example.com", names: ["shop.example.com", "*.preview.example.com"] },
  };
}
