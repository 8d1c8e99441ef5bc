/**
 * A function of Lambda made of an image: AWS' own emulator of its runtime interface starts the command inside the image's
 * container, and hands it events. Read-only but for /tmp and without rights, as Lambda's own containers are.
 */
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpEvent, HttpResult } from "./http-event.ts";
import { LABEL } from "../../components/shared/labels.ts";
import { PROJECT } from "./e2e-clone.ts";
import { REPOSITORY, run, succeeded } from "./e2e-command.ts";
import { type Container, docker } from "./e2e-engine.ts";
import { goTool } from "./e2e-go-tool.ts";
import { ask, jsonOf } from "./e2e-http.ts";
import { freePort } from "./free-port.ts";

const EMULATOR = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie";
/** Of 2026-10-30: its tags are not versions of its module. */
const EMULATOR_VERSION = "v0.0.0-20261030222936-bef5c4ba774d";
/** Somebody without a name in the image: Lambda does not ask for the image's user. */
const USER = "993:990";
/** Seconds until the emulator listens. */
const START_SECONDS = 30;

export interface FunctionOptions {
  readonly image: string;
  /** @default the image's own */
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** More options of `docker run`. */
  readonly options?: readonly string[];
}

/** What a function that does not answer says. */
export interface Fault {
  readonly errorType: string;
  readonly errorMessage: string;
}

export class LambdaFunction {
  readonly container: string;
  readonly #url: string;
  /** It takes one event at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(container: string, port: number) {
    this.container = container;
    this.#url = `http://127.0.0.1:${port}/2015-03-31/functions/function/invocations`;
  }

  /** Starts the emulator; the function itself starts with the first event. */
  static async create(name: string, made: FunctionOptions): Promise<LambdaFunction> {
    const emulator = await goTool(EMULATOR, EMULATOR_VERSION);
    const [port, runtimePort] = [await freePort(), await freePort()];
    const command = made.command ?? (await commandOf(made.image));
    const environment = {
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_TIMEOUT: "29",
      ...made.environment,
    };
    const container = await docker(
      ...["run", "--detach", "--name", `${PROJECT}-lambda-${name}`],
      ...["--label", `${LABEL.project}=${PROJECT}`, "--label", `${LABEL.stack}=lambda`],
      ...["--read-only", "--tmpfs", "/tmp", "--user", USER, "--cap-drop", "ALL"],
      ...["--security-opt", "no-new-privileges", "--network", "host"],
      ...["--volume", `${emulator}:/aws-lambda-rie:ro`, "--entrypoint", "/aws-lambda-rie"],
      ...Object.entries(environment).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      ...(made.options ?? []),
      made.image,
      ...["--runtime-interface-emulator-address", `127.0.0.1:${port}`],
      ...["--runtime-api-address", `127.0.0.1:${runtimePort}`],
      ...command,
    );
    const created = new LambdaFunction(container, port);
    await created.#listens();
    return created;
  }

  async #listens(): Promise<void> {
    for (const end = Date.now() + START_SECONDS * 1000; ; await sleep(100)) {
      // Any other path than that of an invocation, which would start the function.
      const there = await ask(new URL("/", this.#url).href).catch(() => undefined);
      if (there) return;
      if (Date.now() > end) assert.fail(`no emulator within ${START_SECONDS} s\n${await this.log()}`);
    }
  }

  /** Its answer to an event, or why there is none. */
  invoke(event: object): Promise<HttpResult | Fault> {
    const answer = this.#turn.then(() => ask(this.#url, { method: "POST", json: event, timeoutSeconds: 60 }));
    this.#turn = answer.catch(() => undefined);
    return answer.then((one) => {
      const said = one.body.toString();
      // Of the emulator itself, such as that time is up.
      if (!said.startsWith("{")) return { errorType: "none", errorMessage: said };
      return jsonOf<HttpResult | Fault>(one);
    });
  }

  /** Its answer to a request, which has to be one. */
  async answer(event: HttpEvent): Promise<HttpResult> {
    const result = await this.invoke(event);
    assert.ok("statusCode" in result, `${event.rawPath}: ${JSON.stringify(result)}\n${await this.log()}`);
    return result;
  }

  /** Why it does not answer. */
  async fault(event: object): Promise<Fault> {
    const result = await this.invoke(event);
    assert.ok("errorMessage" in result, JSON.stringify(result));
    return result;
  }

  /** Milliseconds that its last start took. */
  async startMilliseconds(): Promise<number> {
    const starts = [...(await this.log()).matchAll(/INIT REPORT\(durationMs: ([\d.]+)\)/g)];
    return Math.round(Number(starts.at(-1)?.[1]));
  }

  /** What it has said, on both channels. */
  async log(): Promise<string> {
    return succeeded(await run("docker", ["logs", this.container], { cwd: REPOSITORY })).all;
  }

  async inspect(): Promise<Container> {
    const [one] = JSON.parse(await docker("inspect", this.container)) as Container[];
    assert.ok(one);
    return one;
  }

  async dispose(): Promise<void> {
    await docker("rm", "--force", "--volumes", this.container);
  }
}

/** Body of an answer. */
export function bodyOf({ body = "", isBase64Encoded }: HttpResult): Buffer {
  return Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
}

/** What an image starts without being told. */
async function commandOf(image: string): Promise<string[]> {
  const text = await docker("image", "inspect", "--format", "{{json .Config.Cmd}}", image);
  return JSON.parse(text) as string[];
}
