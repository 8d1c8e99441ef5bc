/** How a host is reached and made fit, as far as Node alone can tell. Real ones are in test/e2e/docker. */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { execa } from "execa";
import { parse } from "yaml";
import { CliError } from "../../cli/errors.ts";
import { fingerprintOf } from "../../cli/host-key.ts";
import { quoted, refuseUnknownHost, sshArguments, sshCommand } from "../../cli/ssh.ts";
import { cloudInit } from "../../components/docker/host/cloud-init.ts";
import { hostScript } from "../../components/docker/host/script.ts";
import { pinHost, sshOptions } from "../../components/docker/ssh.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILuOaZGBcucOIwkDBjIDdXxAyjtRnTqTVBihGu2sTDxk";
const ADDRESS = "ssh://deploy@203.0.113.10";

describe("options for ssh", () => {
  const own = ["-o", "StrictHostKeyChecking=no", "-o", "ControlMaster=no"];

  it("check the host's key before anybody's options, and share a connection after them", () => {
    const all = sshOptions(ADDRESS, { sshOptions: own, hostKey: KEY });
    const at = (option: string) => all.indexOf(option);
    // Of an option given twice ssh takes the first.
    assert.ok(at("StrictHostKeyChecking=yes") >= 0 && at("StrictHostKeyChecking=yes") < at(own[1] ?? ""));
    assert.ok(at("ControlMaster=auto") > at("ControlMaster=no"));
    assert.match(all.join(" "), /UserKnownHostsFile=~\/\.ssh\/tristack-[0-9a-f]{16}\.key/);
  });

  it("without a pinned key leave the known hosts to whoever runs it, and refuse all others", () => {
    const all = sshOptions(ADDRESS, { sshOptions: [], hostKey: undefined }).join(" ");
    assert.match(all, /StrictHostKeyChecking=yes/);
    assert.doesNotMatch(all, /KnownHosts/);
  });

  it("are the same whatever key is pinned, and others for another host", () => {
    const all = (address: string, hostKey: string) =>
      sshOptions(address, { sshOptions: [], hostKey }).join(" ");
    assert.equal(all(ADDRESS, KEY), all(ADDRESS, `${KEY}x`));
    assert.notEqual(all(ADDRESS, KEY), all(`${ADDRESS}1`, KEY));
  });

  it("name user, port and host, IPv6 too", () => {
    assert.deepEqual(sshArguments({ address: "ssh://a@[::1]:2222", options: ["-v"] }), [
      ...["-v", "-l", "a", "-p", "2222", "--", "::1"],
    ]);
  });
});

describe("a pinned key", () => {
  let folder: string;
  before(() => (folder = join(mkdtempSync(join(tmpdir(), "tristack-pin-")), ".ssh")));
  after(() => rmSync(dirname(folder), { recursive: true }));

  it("is the only one in the file that ssh reads, and ends the use of a connection that was checked against another", () => {
    const settings = (hostKey?: string) => ({ sshOptions: [], hostKey });
    pinHost(ADDRESS, settings(KEY), folder);
    const [file = ""] = readdirSync(folder);
    assert.equal(readFileSync(join(folder, file), "utf8"), `* ${KEY}\n`);
    const socket = join(folder, file.replace(/\.key$/, ""));
    writeFileSync(socket, "");
    pinHost(ADDRESS, settings(KEY), folder);
    assert.deepEqual(readdirSync(folder).length, 2, "the same key keeps it");
    pinHost(ADDRESS, settings(`${KEY}x`), folder);
    assert.deepEqual(readdirSync(folder), [file]);
    assert.equal(readFileSync(join(folder, file), "utf8"), `* ${KEY}x\n`);
    writeFileSync(socket, "");
    pinHost(ADDRESS, settings(), folder);
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe("the ssh that the docker command finds", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "tristack-ssh-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("passes every option on to the real one, with whatever is in it", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "ssh"), `#!/bin/sh\nprintf '%s\\n' "$@"\n`);
    chmodSync(join(bin, "ssh"), 0o755);
    const options = ["-o", "ProxyCommand=nc 'a b' $HOME %h"];
    const { env, options: all } = sshCommand({ root: folder, name: "x" }, ADDRESS, {
      sshOptions: options,
      hostKey: undefined,
    });
    const path = [env.PATH?.split(delimiter)[0], bin, process.env.PATH].join(delimiter);
    const { stdout } = await execa("ssh", ["-l", "deploy", "--", "host", "docker system dial-stdio"], {
      env: { PATH: path },
    });
    assert.deepEqual(stdout.split("\n"), [...all, "-l", "deploy", "--", "host", "docker system dial-stdio"]);
    assert.ok(all.includes(options[1] ?? ""));
  });

  it("quotes words for a shell", async () => {
    const word = `a'b "c" $HOME \`x\``;
    assert.equal((await execa("sh", ["-c", `printf %s ${quoted(word)}`])).stdout, word);
  });
});

describe("a host that ssh refuses", () => {
  const said = (text: string) => `The fingerprint is\n${text}.\nHost key verification failed.\r\n`;
  const refusal = (text: string, pinned: boolean) => {
    try {
      refuseUnknownHost(text, { address: `${ADDRESS}:22`, options: [], env: {}, pinned });
    } catch (error) {
      assert.ok(error instanceof CliError && error.exitCode === 2);
      return error.message;
    }
    return undefined;
  };

  it("is one sentence with what it shows, and exit code 2", () => {
    assert.match(
      refusal(said(fingerprintOf(KEY.split(" ")[1] ?? "")), true) ?? "",
      /^203\.0\.113\.10:22 is not the host that host\.hostKey names: it shows one with the fingerprint SHA256:mim4oq3sAceCeBLuto4r\+aD6TED7r1\/JQ\/G31yB20xY\. It was not connected to, and nothing was changed\./,
    );
    assert.match(
      refusal(said(""), false) ?? "",
      /^203\.0\.113\.10:22 is not among the known hosts\..*tristack host key/,
    );
  });

  it("is nothing else that ssh may say", () => {
    assert.equal(refusal("Permission denied (publickey).", true), undefined);
  });
});

describe("the script of a host", () => {
  const args = {
    ...{ user: "deploy", publicKeys: [`${KEY} ann@laptop`], docker: "docker" as const },
    ...{ swap: "2GiB", ports: [51_820, 443], reboot: true, proxyPorts: [80, 443] },
  };

  it("is a shell script with what it is told in front", async () => {
    const text = hostScript(args);
    await execa("sh", ["-n"], { input: text });
    const shown = `${text.split("\n# What every step shares")[0] ?? ""}\necho "$USER_NAME/$PUBLIC_KEYS/$SWAP_MIB/$PORTS/$REBOOT$DRY_RUN$WAIT"`;
    assert.equal(
      (await execa("sh", { input: shown })).stdout,
      `deploy/${KEY} ann@laptop/2048/80 443 51820/100`,
    );
  });

  it("is the one that cloud-init runs, in less than the 16 KiB that EC2 takes", () => {
    const text = cloudInit(args);
    assert.ok(text.startsWith("#cloud-config\n") && Buffer.byteLength(text) < 16_384, `${text.length} bytes`);
    const { write_files, runcmd } = parse(text) as {
      write_files: { path: string; content: string }[];
      runcmd: string[][];
    };
    assert.equal(
      gunzipSync(Buffer.from(write_files[0]?.content ?? "", "base64")).toString(),
      hostScript(args),
    );
    assert.deepEqual(runcmd, [["sh", write_files[0]?.path]]);
  });

  it("is not given to cloud-init without a key: nobody could log in", () => {
    assert.throws(() => cloudInit({ ...args, publicKeys: [] }), /publicKeys is empty; needs a key/);
  });
});
