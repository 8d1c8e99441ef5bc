/** The bottom of every stand-in image: a minimal Debian, made by debootstrap from this machine's mirror. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { failed } from "../cli/errors.ts";
import { canInstall, certificateAuthorities, install, mirror, networkSettings } from "./apt.ts";
import { type Log, attempt, onPath, run } from "./command.ts";
import { cacheFolder } from "./paths.ts";
import type { Suite } from "./pins.ts";

/** What debootstrap checks Debian's signatures with; not there on Ubuntu. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

const DRAFT = "debian-";

/** Raise it when what is done here changes. */
const RECIPE = 1;

/** What decides what is in a base image. */
export interface BaseInputs {
  readonly suite: Suite;
  /** undefined: debootstrap's default. */
  readonly archive?: string;
  /** Lines of sources.list. */
  readonly sources: string;
  /** apt's settings. */
  readonly apt: string;
  readonly authorities: Map<string, string>;
}

const asked = new Map<Suite, Promise<BaseInputs>>();

/** Asks apt once per run: each question takes it most of a second. */
export function baseInputs(suite: Suite): Promise<BaseInputs> {
  const inputs = asked.get(suite) ?? readInputs(suite);
  asked.set(suite, inputs);
  return inputs;
}

async function readInputs(suite: Suite): Promise<BaseInputs> {
  const { archive, security } = await mirror();
  const lines: string[] = [];
  if (archive) lines.push(`deb ${archive} ${suite} main`);
  // A release that is not out yet has neither updates nor security updates of its own.
  if (archive && suite === "bookworm") lines.push(`deb ${archive} ${suite}-updates main`);
  if (security && suite === "bookworm") lines.push(`deb ${security} ${suite}-security main`);
  return {
    suite,
    archive,
    sources: lines.map((line) => `${line}\n`).join(""),
    apt: await networkSettings(),
    authorities: certificateAuthorities(),
  };
}

/** Name of the base image; another one as soon as anything in it would be. */
export function baseReference(inputs: BaseInputs): string {
  const content = JSON.stringify([RECIPE, process.arch, inputs, [...inputs.authorities]]);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  return `tristack.local/debian-${inputs.suite}:${hash}`;
}

/** Makes the base image. */
export async function buildBase(inputs: BaseInputs, log: Log): Promise<void> {
  if (!(await onPath("debootstrap")) || !existsSync(KEYRING)) {
    if (!canInstall()) {
      throw failed(
        "no image can be pulled here, and to build them debootstrap is needed: " +
          "log in to a registry mirror that Docker can pull from, or run this as root on Debian or Ubuntu",
      );
    }
    await install(["debootstrap", "debian-archive-keyring"], log);
  }
  await mkdir(cacheFolder(), { recursive: true });
  const root = mkdtempSync(cacheFolder(DRAFT));
  try {
    await bootstrap(inputs, root, log);
    await configure(inputs, root, log);
    log(`Debian ${inputs.suite}: handing it to Docker`);
    const label = `LABEL io.tristack.stand-in="Debian ${inputs.suite}, made by debootstrap, not downloaded"`;
    const script =
      'tar -C "$1" --numeric-owner --one-file-system -c . | docker import --change "$2" --change "$3" - "$4"';
    const cmd = 'CMD ["bash"]';
    await run("sh", ["-c", script, "sh", root, label, cmd, baseReference(inputs)], { what: "docker import" });
  } finally {
    await discard(root);
  }
}

/** Removes what killed runs have left. Under the run's lock. */
export async function discardLeftovers(): Promise<void> {
  for (const name of readdirSync(cacheFolder())) if (name.startsWith(DRAFT)) await discard(cacheFolder(name));
}

/** debootstrap mounts these while it works, and leaves them when it fails. */
async function discard(root: string): Promise<void> {
  for (const mounted of ["proc", "sys", "dev"]) await attempt("umount", ["--recursive", join(root, mounted)]);
  rmSync(root, { recursive: true, force: true });
}

async function bootstrap(inputs: BaseInputs, root: string, log: Log): Promise<void> {
  const onLine = (line: string) => {
    const step = /^I: (.*)/.exec(line)?.[1];
    if (step) log(`Debian ${inputs.suite}: ${step}`);
  };
  // An older debootstrap has no script for a newer Debian; that of sid is the same for all of them.
  const script = inputs.suite === "bookworm" ? [] : ["sid"];
  const args = [
    "--variant=minbase",
    "--include=ca-certificates",
    inputs.suite,
    root,
    inputs.archive ?? "",
    ...script,
  ];
  await run("debootstrap", args, { onLine, what: `debootstrap of Debian ${inputs.suite}` });
}

async function configure(inputs: BaseInputs, root: string, log: Log): Promise<void> {
  if (inputs.sources) writeFileSync(join(root, "etc/apt/sources.list"), inputs.sources);
  if (inputs.apt) writeFileSync(join(root, "etc/apt/apt.conf.d/90tristack"), `${inputs.apt}\n`);
  // As in the official slim images: no documentation, nothing left of installing.
  writeFileSync(
    join(root, "etc/dpkg/dpkg.cfg.d/slim"),
    ["doc", "man", "info", "locale"].map((name) => `path-exclude=/usr/share/${name}/*\n`).join(""),
  );
  const authorities = join(root, "usr/local/share/ca-certificates");
  mkdirSync(authorities, { recursive: true });
  for (const [name, content] of inputs.authorities) {
    writeFileSync(join(authorities, name.replaceAll("/", "-")), content);
  }
  log(`Debian ${inputs.suite}: its certificate authorities`);
  await run("chroot", [root, "update-ca-certificates"], { what: "update-ca-certificates" });
  for (const name of [
    "var/cache/apt/archives",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
  ]) {
    rmSync(join(root, name), { recursive: true, force: true });
    mkdirSync(join(root, name), { recursive: true });
  }
  writeFileSync(join(root, "etc/resolv.conf"), "");
}
