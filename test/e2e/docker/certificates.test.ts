/** Certificates of a real ACME server on a running stack: the first, renewals, and every way in which they fail. */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { checkOutputs } from "../../../components/outputs.ts";
import { type Attempt, CertifiedSite, DOMAIN } from "../../support/e2e-certified.ts";
import { ended, succeeded } from "../../support/e2e-command.ts";
import { containerOf, containersOf, docker, inside } from "../../support/e2e-engine.ts";
import { HEAVY, Load, figures } from "../../support/e2e-load.ts";
import { markersIn, marker } from "../../support/e2e-markers.ts";
import { Pebble } from "../../support/e2e-pebble.ts";
import { Route53 } from "../../support/e2e-route53.ts";
import { FULL, itFully } from "../../support/e2e-tier.ts";
import { dockerTraces } from "../../support/e2e-traces.ts";

const WWW = `www.${DOMAIN}`;
const OTHER = "other.e2e.test";
/** Seconds within which nginx has to serve what was issued. */
const SERVED_WITHIN = 60;
/** The container looks at its files every minute. */
const NOTICED_WITHIN = 75;

describe("certificates", () => {
  let shop: CertifiedSite;
  before(async () => {
    shop = await CertifiedSite.start("certificates");
  });
  after(() => shop?.dispose());
  // Whatever a test has broken.
  afterEach(async () => {
    await shop.dns.answer(DOMAIN);
    shop.pebble.door.mode = "open";
    const deliverer = (await containersOf("alarms")).find(({ State }) => !State.Running);
    if (deliverer) await docker("start", deliverer.Id);
  });

  /** Asks for a new one, which has to come and be served. */
  async function renewed(): Promise<{ serial: string; seconds: number }> {
    const before = (await shop.served()).serial;
    const asked = shop.certificate("renew");
    const [{ serial }, seconds] = await shop.until(SERVED_WITHIN, (served) => served.serial !== before);
    const report = JSON.parse(succeeded(await asked).stdout) as { serial: string; served: string };
    assert.deepEqual([report.serial, report.served], [serial, serial]);
    return { serial, seconds };
  }

  /** How the next attempt of the container by itself ends. */
  async function nextAttempt(begin: () => Promise<void>): Promise<Attempt> {
    const { at } = await shop.record();
    await begin();
    return until(60, async () => {
      const record = await shop.record();
      return record.at === at ? undefined : record;
    });
  }

  /** certbot asks the issuer only every six hours whether it is time. */
  async function hoursLater(): Promise<void> {
    await inside("certificates", "sh", "-c", "sed -i /^ari_retry_after/d /etc/letsencrypt/renewal/*.conf");
    await shop.restartKeeper();
  }

  async function serves(serial: string): Promise<void> {
    assert.equal((await shop.served()).serial, serial);
    assert.equal((await shop.site.ask("/api/items")).status, 200);
  }

  const rejected = () =>
    inside("proxy", "sh", "-c", "cat /conf/rejected/$(cat /conf/current) 2>/dev/null || true");

  it("of a stack that signs them itself are renewed when it is asked, too", async () => {
    await renewed();
    const { names, issuer, lastAttempt } = await shop.status();
    assert.deepEqual([names, issuer, lastAttempt?.passed], [["localhost"], "CN=localhost", true]);
  });

  it("are the stack's own until the issuer has signed one, and nobody is alarmed while it is set up", async () => {
    await shop.dns.refuse(DOMAIN);
    await shop.settle({}, { domain: DOMAIN, alarm: "ALARM_URL" });
    const { names, issuer } = await shop.served();
    assert.deepEqual([names, issuer], [[DOMAIN], DOMAIN]);
    // The one before was about the certificate of `localhost`.
    const { reason } = await until(60, async () => {
      const attempt = await shop.record();
      return attempt.passed ? undefined : attempt;
    });
    assert.match(String(reason), /could not resolve/);
    assert.equal((await shop.site.ask("/api/items")).status, 200);
    await sleep(3000);
    assert.deepEqual(shop.hook.messages, []);
  });

  it("come from the issuer when it is asked: for the domain, under its root, told in status and outputs", async () => {
    const { serial } = await renewed();
    const served = await shop.served(DOMAIN, await shop.pebble.root());
    assert.deepEqual([served.names, served.accepted], [[DOMAIN], true]);
    const status = await shop.status();
    assert.deepEqual([status.names, status.serial, status.served], [[DOMAIN], serial, serial]);
    assert.match(status.issuer, /Pebble Intermediate/);
    assert.equal(status.daysLeft, 89);
    assert.equal(status.lastAttempt?.passed, true);
    const ran = await shop.site.tristack(["outputs", "local", "--json"]);
    const outputs = JSON.parse(succeeded(ran).stdout) as { status: { certificate: Attempt } };
    assert.deepEqual(checkOutputs(outputs), []);
    assert.deepEqual([outputs.status.certificate.serial, outputs.status.certificate.passed], [serial, true]);
  });

  it("are renewed under load without a failed request", async () => {
    const load = new Load(shop.site.origin, HEAVY);
    try {
      for (let turn = 0; turn < (FULL ? 3 : 1); turn += 1) {
        const { seconds } = await renewed();
        console.log(`      new serial served ${seconds.toFixed(1)} s after it was asked for`);
        await sleep(5000);
      }
    } finally {
      const report = await load.stop();
      console.log(`      ${figures(report)}`);
      assert.deepEqual([report.failures, report.unexpected], [[], []]);
      assert.ok(
        report.requests > (FULL ? 500 : 200) && report.posts > (FULL ? 100 : 50) && report.long >= 10,
        figures(report),
      );
    }
  });

  itFully("are renewed by themselves when the issuer says that it is time", async () => {
    const { serial, pem } = await shop.served();
    await shop.pebble.due(pem);
    await hoursLater();
    const [, seconds] = await shop.until(SERVED_WITHIN, (served) => served.serial !== serial);
    console.log(`      ${seconds.toFixed(1)} s after the container's start`);
    assert.equal((await shop.record()).passed, true);
  });

  itFully("that are not due stay", async () => {
    const { serial } = await shop.served();
    const record = await nextAttempt(hoursLater);
    assert.deepEqual([record.passed, record.serial], [true, serial]);
    await serves(serial);
  });

  it("stay when a renewal is refused: one alarm, also after the deliverer was down and the webhook failed", async () => {
    const { serial } = await shop.served();
    const from = shop.hook.messages.length;
    const deliverer = await containerOf("alarms");
    await docker("stop", deliverer.Id);
    await shop.dns.refuse(DOMAIN);
    await shop.pebble.due((await shop.served()).pem);
    // The second time certbot has to ask again whether it is due, though hours have not passed.
    for (const begin of [hoursLater, () => shop.restartKeeper()]) {
      const { passed, reason } = await nextAttempt(begin);
      assert.equal(passed, false);
      assert.match(String(reason), /could not resolve/);
    }
    shop.hook.refuse = 1;
    await docker("start", deliverer.Id);
    const text = await shop.hook.wait(shop.alarms, /could not resolve/, from);
    console.log(`      alarm: ${text}`);
    assert.ok(text.includes(DOMAIN) && /The one in use ends at 20\d\d-/.test(text));
    assert.equal(shop.hook.refused, 1);
    assert.match(ended(await shop.certificate("renew"), 1).all, /could not resolve/);
    await serves(serial);
    await sleep(12_000);
    assert.equal(shop.hook.of(shop.alarms, from).length, 1);
  });

  for (const mode of ["error", "hang"] as const) {
    itFully(
      `stay while the issuer ${mode === "hang" ? "hangs" : "cannot be spoken with"}, and come when it is back`,
      async () => {
        const { serial } = await shop.served();
        shop.pebble.door.mode = mode;
        const ran = ended(await shop.certificate("renew"), 1);
        console.log(
          `      ${ran.seconds.toFixed(0)} s: ${ran.stderr.trim().split("\n").at(-1)?.slice(0, 120)}`,
        );
        assert.ok(shop.pebble.door.turnedAway > 0);
        assert.equal((await shop.record()).passed, false);
        await serves(serial);
        shop.pebble.door.mode = "open";
        await renewed();
        assert.equal((await shop.record()).passed, true);
      },
    );
  }

  itFully(
    "whose key is damaged are not loaded, and are put back: nginx serves on, and there is an alarm",
    async () => {
      const { serial } = await shop.served();
      const from = shop.hook.messages.length;
      await inside(
        "certificates",
        "sh",
        "-c",
        `echo damaged > /etc/letsencrypt/serving/${DOMAIN}/privkey.pem`,
      );
      const said = await until(15, async () => (await rejected()) || undefined);
      console.log(`      nginx: ${said.split("\n")[0]}`);
      assert.match(said, /privkey\.pem/);
      await serves(serial);
      await shop.hook.wait(shop.alarms, /damaged/, from, NOTICED_WITHIN);
      await until(15, async () => (await rejected()) === "" || undefined);
      await serves(serial);
      assert.match(await docker("logs", (await containerOf("proxy")).Id), /proxy: reloaded/);
      await renewed();
    },
  );

  itFully(
    "are not loaded with an nginx.conf that was broken by hand; renew says so; the switch, run again, mends it",
    async () => {
      const { serial } = await shop.served();
      await inside("proxy", "sh", "-c", "echo 'broken {' >> /conf/releases/$(cat /conf/current)/nginx.conf");
      const said = await until(15, async () => (await rejected()) || undefined);
      assert.match(said, /broken/);
      const ran = ended(await shop.certificate("renew"), 1);
      assert.match(ran.all, /nginx did not serve it within 60 s: .*broken/s);
      await serves(serial);
      const urns = succeeded(await shop.site.pulumi(["stack", "--show-urns", "--stack", "local"])).stdout;
      const urn = /urn:\S+Container::switch$/m.exec(urns)?.[0] ?? "";
      const up = ["up", "--stack", "local", "--yes", "--skip-preview", "--replace", urn];
      succeeded(await shop.site.pulumi(up));
      const [, seconds] = await shop.until(15, (served) => served.serial !== serial);
      console.log(`      served ${seconds.toFixed(1)} s after the switch`);
      assert.equal(await rejected(), "");
    },
  );

  itFully("with less than 14 days left are an alarm, and give way to the issuer's", async () => {
    const { serial } = await shop.served();
    const from = shop.hook.messages.length;
    await inside("certificates", "python3", "-c", ENDING, `/etc/letsencrypt/serving/${DOMAIN}`, DOMAIN);
    await shop.until(15, ({ issuer }) => issuer === "nearly over");
    const text = await shop.hook.wait(shop.alarms, /ends in 9 days/, from, NOTICED_WITHIN);
    console.log(`      alarm: ${text}`);
    assert.equal((await shop.status()).daysLeft, 9);
    await hoursLater();
    await shop.until(SERVED_WITHIN, (served) => served.serial === serial);
  });

  itFully(
    "of another issuer, then for one more name, come at once: as from Let's Encrypt's staging to its real server",
    async () => {
      const { serial } = await shop.served();
      const [proxy] = await containersOf("proxy");
      const { site, address, dns } = shop;
      const folder = await site.folder("other-pebble");
      const other = await Pebble.start({ folder, address, httpPort: site.ports.http, dns });
      const from = { server: other.directory, authority: other.authority };
      try {
        await shop.settle(from);
        await shop.until(SERVED_WITHIN, (served) => served.serial !== serial);
        assert.ok((await shop.served(DOMAIN, await other.root())).accepted, "the other issuer's");
        await shop.settle({ ...from, names: [WWW] });
        await shop.until(SERVED_WITHIN, ({ names }) => names.includes(WWW));
        for (const name of [DOMAIN, WWW])
          assert.ok((await shop.served(name, await other.root())).accepted, name);
        const asked = await site.ask("/api/items", { headers: { host: WWW } });
        assert.equal(asked.status, 200);
        assert.equal((await containerOf("proxy")).Id, proxy?.Id, "nginx was not replaced");
        succeeded(await site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
      } finally {
        await other.stop();
      }
    },
  );

  itFully(
    "of one domain are kept when the stack moves to another, and serve when it comes back",
    async () => {
      await shop.settle({});
      const [{ serial }] = await shop.until(SERVED_WITHIN, ({ names }) => names.join() === DOMAIN);
      await shop.settle({}, { domain: OTHER });
      await shop.until(
        SERVED_WITHIN,
        ({ names, issuer }) => names.join() === OTHER && issuer !== OTHER,
        OTHER,
      );
      await shop.settle({}, { domain: DOMAIN });
      await shop.until(5, (served) => served.serial === serial);
    },
  );

  itFully("for a wildcard come by the DNS, with keys that are in no inspect, log or output", async () => {
    const [access, secret] = [marker("access key", 12), { ...marker("secret key", 36), name: "secret key" }];
    await shop.plant("DNS_ACCESS", access.value);
    await shop.plant("DNS_SECRET", secret.value);
    const route53 = await Route53.start("e2e.test", shop.dns);
    try {
      const keys = { accessKey: "DNS_ACCESS", secretKey: "DNS_SECRET" };
      const endpoint = `http://${shop.address}:${route53.port}`;
      const wildcard = `*.${DOMAIN}`;
      await shop.settle({
        names: [wildcard, WWW],
        challenge: { kind: "dns", provider: "route53", ...keys, endpoint },
      });
      const [{ names }] = await shop.until(SERVED_WITHIN, (served) => served.names.includes(wildcard));
      assert.deepEqual(names, [wildcard, DOMAIN]);
      assert.ok((await shop.served(`pr-42.${DOMAIN}`, await shop.pebble.root())).accepted);
      assert.deepEqual([...route53.keys], [access.value]);
      assert.deepEqual([...route53.written], [`_acme-challenge.${DOMAIN}.`]);
      const asked = await shop.site.ask("/api/items", { headers: { host: `pr-42.${DOMAIN}` } });
      assert.equal(asked.status, 200);
      succeeded(await shop.site.pulumi(["preview", "--stack", "local", "--expect-no-changes"]));
    } finally {
      await route53.stop();
    }
    const outputs = await shop.site.pulumi(["stack", "output", "--json", "--stack", "local"]);
    const traces = [...(await dockerTraces()), { where: "outputs", text: outputs.stdout }];
    assert.ok(
      traces.some(({ text }) => text.includes("dns-route53")),
      "there is something to search",
    );
    const all = [access, secret, shop.hookPath];
    assert.deepEqual(
      traces.flatMap(({ where, text }) => markersIn(text, all).map((name) => `${name} in ${where}`)),
      [],
    );
  });
});

/** A certificate that is to end in less than ten days, having been given for ninety: into a folder, for a name. */
const ENDING = `
import os, sys
from datetime import datetime, timedelta, timezone
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization as s
from cryptography.hazmat.primitives.asymmetric import ec
folder, name = sys.argv[1:]
key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
called = lambda text: x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])
made = (x509.CertificateBuilder().subject_name(called(name)).issuer_name(called("nearly over"))
  .public_key(key.public_key()).serial_number(x509.random_serial_number())
  .not_valid_before(now - timedelta(days=80)).not_valid_after(now + timedelta(days=9, hours=12))
  .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False).sign(key, hashes.SHA256()))
files = {
  "privkey.pem": key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption()),
  "fullchain.pem": made.public_bytes(s.Encoding.PEM),
}
for file, text in files.items():
  open(f"{folder}/{file}.new", "wb").write(text)
for file in files:
  os.rename(f"{folder}/{file}.new", f"{folder}/{file}")
`;

async function until<T>(seconds: number, check: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await sleep(300)) {
    const found = await check();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`not within ${seconds} s`);
  }
}
