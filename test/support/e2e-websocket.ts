/** One message over a websocket and its answer: Node's own client accepts no certificate that a site signed itself. */
import { createHash, randomBytes } from "node:crypto";
import https from "node:https";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TIMEOUT = 10_000;

/** Sends a short text and resolves with the first text that comes back. */
export function echo(url: string, text: string): Promise<string> {
  const key = randomBytes(16).toString("base64");
  return new Promise((resolve, reject) => {
    const request = https.request(url, {
      rejectUnauthorized: false,
      agent: false,
      timeout: TIMEOUT,
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": key,
      },
    });
    request.once("error", reject);
    request.once("timeout", () => request.destroy(new Error(`${url}: no answer within ${TIMEOUT / 1000} s`)));
    request.once("response", ({ statusCode }) =>
      reject(new Error(`${url}: ${statusCode} instead of an upgrade`)),
    );
    request.once("upgrade", (response, socket, head) => {
      const accepted = createHash("sha1")
        .update(key + GUID)
        .digest("base64");
      if (response.headers["sec-websocket-accept"] !== accepted)
        reject(new Error(`${url}: wrong sec-websocket-accept`));
      firstText(socket, head)
        .then(resolve, reject)
        .finally(() => socket.destroy());
      socket.write(frame(text));
    });
    request.end();
  });
}

/** A masked text frame; its length has to fit into seven bits. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), mask, masked]);
}

function firstText(socket: Duplex, head: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    let received = head;
    const read = () => {
      const length = (received[1] ?? 0) & 0x7f;
      if (received.length >= 2 && received.length >= 2 + length)
        resolve(received.subarray(2, 2 + length).toString("utf8"));
    };
    socket.on("data", (part: Buffer) => {
      received = Buffer.concat([received, part]);
      read();
    });
    socket.once("close", () => reject(new Error("the websocket was closed before an answer came")));
    socket.once("error", reject);
    read();
  });
}
