/** A websocket to the site: Node's own client accepts no certificate that a site signed itself. */
import { createHash, randomBytes } from "node:crypto";
import https from "node:https";
import type { Duplex } from "node:stream";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TIMEOUT = 10_000;
/** Kinds of frames (RFC 6455, 11.8). */
const TEXT = 0x1;
const PING = 0x9;
const PONG = 0xa;

export interface WebSocketClient {
  /** A short text: its length has to fit into seven bits. */
  send(text: string): void;
  /** The next text that comes; rejects when the connection is closed before. */
  next(): Promise<string>;
  close(): void;
  /** Resolves with the moment at which it was closed, by whomever. */
  readonly closed: Promise<number>;
}

export function openWebSocket(url: string): Promise<WebSocketClient> {
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
    request.once("upgrade", (response, socket: Duplex, head) => {
      const accepted = createHash("sha1")
        .update(key + GUID)
        .digest("base64");
      if (response.headers["sec-websocket-accept"] !== accepted)
        return reject(new Error(`${url}: wrong sec-websocket-accept`));
      request.setTimeout(0);
      resolve(client(socket, head));
    });
    request.end();
  });
}

/** Sends a short text and resolves with the first text that comes back. */
export async function echo(url: string, text: string): Promise<string> {
  const socket = await openWebSocket(url);
  socket.send(text);
  const answer = await socket.next();
  socket.close();
  return answer;
}

function client(socket: Duplex, head: Buffer): WebSocketClient {
  let received = head;
  const texts: string[] = [];
  const waiting: { resolve: (text: string) => void; reject: (error: Error) => void }[] = [];
  const take = () => {
    for (let frame = firstFrame(received); frame; frame = firstFrame(received)) {
      received = frame.rest;
      // As browsers do: who does not answer is gone to the server, which closes (uvicorn within 40 s).
      if (frame.kind === PING) socket.write(frameOf(PONG, frame.payload));
      // Anything else is the announcement of a close.
      if (frame.kind !== TEXT) continue;
      const text = frame.payload.toString("utf8");
      const next = waiting.shift();
      if (next) next.resolve(text);
      else texts.push(text);
    }
  };
  const closed = new Promise<number>((resolve) => socket.once("close", () => resolve(Date.now())));
  void closed.then(() => waiting.forEach(({ reject }) => reject(new Error("the websocket was closed"))));
  socket.on("data", (part: Buffer) => {
    received = Buffer.concat([received, part]);
    take();
  });
  socket.on("error", () => socket.destroy());
  take();
  return {
    send: (text) => void socket.write(frameOf(TEXT, Buffer.from(text))),
    next: () =>
      new Promise((resolve, reject) => {
        const text = texts.shift();
        if (text !== undefined) return resolve(text);
        if (socket.destroyed) return reject(new Error("the websocket was closed"));
        waiting.push({ resolve, reject });
      }),
    close: () => void socket.destroy(),
    closed,
  };
}

/** A masked frame. */
function frameOf(kind: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const masked = payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | kind, 0x80 | payload.length]), mask, masked]);
}

/** The first whole frame of what a server sent, which is short and not masked. */
function firstFrame(bytes: Buffer): { kind: number; payload: Buffer; rest: Buffer } | undefined {
  const [first = 0, second = 0] = bytes;
  const end = 2 + (second & 0x7f);
  if (bytes.length < 2 || bytes.length < end) return undefined;
  return { kind: first & 0x0f, payload: bytes.subarray(2, end), rest: bytes.subarray(end) };
}
