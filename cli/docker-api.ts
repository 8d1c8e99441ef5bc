/** Docker's API, where its command has no word for a question. */
import { type IncomingMessage, request } from "node:http";
import { json } from "node:stream/consumers";
import type { Docker } from "./docker.ts";

const PATIENCE_SECONDS = 30;

/**
 * What the API answers to a GET, through the command's own tunnel: it leads wherever the command does, over SSH as well.
 * @param path such as `/containers/json`
 * @returns undefined where there is no such thing, or no answer
 */
export async function askApi<T>(docker: Docker, path: string): Promise<T | undefined> {
  const tunnel = docker.start(["system", "dial-stdio"]);
  try {
    const answer = await answerTo(path, () => tunnel.duplex());
    return answer.statusCode === 200 ? ((await json(answer)) as T) : undefined;
  } catch {
    return undefined;
  } finally {
    tunnel.kill();
    await tunnel;
  }
}

function answerTo(path: string, createConnection: () => NodeJS.ReadWriteStream): Promise<IncomingMessage> {
  const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
  return new Promise((resolve, reject) => {
    const question = request({ host: "docker", path, createConnection: createConnection as never, signal });
    question.once("response", resolve).once("error", reject).end();
  });
}
