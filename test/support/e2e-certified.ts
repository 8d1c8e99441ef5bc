/** A stack with a public name, whose certificates come from an ACME server on this machine and whose alarms come here. */
import { setTimeout as sleep } from "node:timers/promises";
import { PROJECT } from "./e2e-clone.ts";
import { type Ran, succeeded } from "./e2e-command.ts";
import { containerOf, docker, inside } from "./e2e-engine.ts";
import { type Marker, marker } from "./e2e-markers.ts";
import { Webhook, hostAddress } from "./e2e-outside.ts";
import { Dns, Pebble } from "./e2e-pebble.ts";
import { type Served, servedAt } from "./e2e-tls.ts";
import { type Workspace, started } from "./e2e-workspace.ts";

export const DOMAIN = "shop.e2e.test";

/** What `tristack certificate --json` prints. */
export interface CertificateReport {
  readonly names: readonly string[];
  readonly issuer: string;
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly serial: string;
  readonly served: string;
  readonly lastAttempt: Attempt | null;
}

export interface Attempt {
  readonly at: string;
  readonly passed: boolean;
  readonly reason: string | null;
  readonly serial: string;
}

export class CertifiedSite {
  readonly site: Workspace;
  readonly address: string;
  readonly dns: Dns;
  readonly pebble: Pebble;
  readonly hook: Webhook;
  /** Secret part of the address of alarms. */
  readonly hookPath: Marker;

  private constructor(
    parts: Pick<CertifiedSite, "site" | "address" | "dns" | "pebble" | "hook" | "hookPath">,
  ) {
    this.site = parts.site;
    this.address = parts.address;
    this.dns = parts.dns;
    this.pebble = parts.pebble;
    this.hook = parts.hook;
    this.hookPath = parts.hookPath;
  }

  /** The stack is up under its own name with a certificate of its own: the settings are not changed yet. */
  static async start(name: string): Promise<CertifiedSite> {
    const site = await started(name);
    const address = await hostAddress();
    const dns = await Dns.start();
    const folder = await site.folder("pebble");
    const pebble = await Pebble.start({ folder, address, httpPort: site.ports.http, dns });
    const certified = new CertifiedSite({
      site,
      address,
      dns,
      pebble,
      hook: await Webhook.open(),
      hookPath: marker("alarm", 24),
    });
    await certified.plant("ALARM_URL", `http://${address}:${certified.hook.port}${certified.alarms}`);
    return certified;
  }

  get alarms(): string {
    return `/alarm?${this.hookPath.value}`;
  }

  async plant(secret: string, value: string): Promise<void> {
    const key = `${PROJECT}:secrets.${secret}`;
    const args = ["config", "set", "--secret", "--path", key, "--stack", "local"];
    succeeded(await this.site.pulumi(args, { input: value }));
  }

  /** Brings the settings of certificates, and what else is to be changed with them. */
  async settle(certificates: Record<string, unknown>, more: Record<string, unknown> = {}): Promise<Ran> {
    const { directory, authority } = this.pebble;
    const common = { issuer: "letsencrypt", email: "ops@e2e.test", server: directory, authority };
    await this.site.change((settings) => {
      settings.set(["certificates"], { ...common, ...certificates });
      for (const [key, value] of Object.entries(more)) settings.set([key], value);
    });
    return succeeded(await this.site.pulumi(["up", "--stack", "local", "--yes", "--skip-preview"]));
  }

  served(name = DOMAIN, authority?: string): Promise<Served> {
    return servedAt(this.site.ports.https, name, authority);
  }

  /** Once what nginx hands out meets the condition; with the seconds that it took. */
  async until(seconds: number, met: (served: Served) => boolean, name = DOMAIN): Promise<[Served, number]> {
    const began = Date.now();
    for (;;) {
      const served = await this.served(name);
      const passed = (Date.now() - began) / 1000;
      if (met(served)) return [served, passed];
      if (passed > seconds) throw new Error(`not within ${seconds} s; served is ${JSON.stringify(served)}`);
      await sleep(200);
    }
  }

  certificate(action: "status" | "renew"): Promise<Ran> {
    return this.site.tristack(["certificate", action, "local", "--json"]);
  }

  async status(): Promise<CertificateReport> {
    return JSON.parse(succeeded(await this.certificate("status")).stdout) as CertificateReport;
  }

  /** The record of the last attempt. */
  async record(): Promise<Attempt> {
    return JSON.parse(await inside("certificates", "cat", "/records/certificate.json")) as Attempt;
  }

  /** The next attempt of the container by itself, which otherwise comes after hours. */
  async restartKeeper(): Promise<void> {
    await docker("restart", (await containerOf("certificates")).Id);
  }

  async dispose(): Promise<void> {
    await this.hook.close();
    await this.pebble.stop();
    await this.dns.stop();
    await this.site.dispose();
  }
}
