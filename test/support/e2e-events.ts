/** A stream of server-sent events, as a browser's EventSource reads it. */
import https from "node:https";

export interface EventStream {
  /** Moments at which events came. */
  readonly ticks: readonly number[];
  /** Resolves with the moment at which the stream ended, however that was. */
  readonly ended: Promise<number>;
  close(): void;
}

/** Opens one and waits for its first event. */
export function openEvents(url: string): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const ticks: number[] = [];
    const request = https.get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      if (response.statusCode !== 200) return reject(new Error(`${url}: ${response.statusCode}`));
      const ended = new Promise<number>((end) => response.once("close", () => end(Date.now())));
      response.on("error", () => response.destroy());
      response.on("data", (part: Buffer) => {
        for (const line of part.toString("utf8").split("\n"))
          if (line.startsWith("data:")) ticks.push(Date.now());
        resolve({ ticks, ended, close: () => void request.destroy() });
      });
    });
    request.on("error", reject);
  });
}
