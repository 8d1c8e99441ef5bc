/**
 * Lambda's runtime interface, as far as answering one event after the other needs it:
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 *
 * AWS' own client for Node.js (aws-lambda-ric) is compiled wherever packages are installed, by a C++ compiler and cmake that
 * the image's base does not have.
 */
import { send } from "./send.ts";
import type { Answer } from "./send.ts";

export interface Invocation {
  readonly id: string;
  readonly event: unknown;
}

export interface Runtime {
  /** Waits for the next event. */
  next(): Promise<Invocation>;
  answer(id: string, result: object): Promise<void>;
  /** The event could not be answered. */
  fail(id: string, error: unknown): Promise<void>;
  /** There will be no answers at all; this process is to end. */
  cannotStart(error: unknown): Promise<void>;
}

const ACCEPTED = 202;

/** @param address host and port of the interface */
export function createRuntime(address = process.env["AWS_LAMBDA_RUNTIME_API"] ?? ""): Runtime {
  const { hostname, port } = new URL(`http://${address}`);

  function ask(method: string, path: string, body?: object, headers = {}): Promise<Answer> {
    return send(
      { hostname, port, method, path: `/2018-06-01/runtime/${path}`, headers },
      body && JSON.stringify(body),
    );
  }

  async function tell(path: string, body: object, headers?: object): Promise<void> {
    const { status, body: answer } = await ask("POST", path, body, headers);
    // Such as an answer of more than 6 MB: Lambda has told who asked, and goes on with the next event.
    if (status !== ACCEPTED) console.error(`Lambda refused ${path}: ${status} ${answer.toString()}`);
  }

  function tellError(path: string, error: unknown): Promise<void> {
    const { constructor, message } = error instanceof Error ? error : new Error(String(error));
    const errorType = `Function.${constructor.name}`;
    const headers = { "lambda-runtime-function-error-type": errorType };
    return tell(path, { errorType, errorMessage: message, stackTrace: [] }, headers);
  }

  return {
    async next() {
      const { status, headers, body } = await ask("GET", "invocation/next");
      if (status !== 200) throw new Error(`Lambda gives no event: ${status} ${body.toString()}`);
      return {
        id: String(headers["lambda-runtime-aws-request-id"]),
        event: JSON.parse(body.toString()) as unknown,
      };
    },
    answer: (id, result) => tell(`invocation/${id}/response`, result),
    fail(id, error) {
      console.error(error);
      return tellError(`invocation/${id}/error`, error);
    },
    cannotStart(error) {
      console.error(error instanceof Error ? error.message : error);
      return tellError("init/error", error);
    },
  };
}
