/** A plugin that is started here and asked what the engine asks of it in a preview, by Pulumi's own protocol. */
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { failed } from "../cli/errors.ts";
import { type Tool, toolPath } from "./pins.ts";

export type Properties = Readonly<Record<string, unknown>>;

/** What a plugin says of one property that differs. */
export interface PropertyDiff {
  /** Where, such as `rootBlockDevice.volumeSize` or `envs[0]`; of some resources the first name alone. */
  readonly path: string;
  /** Whether the resource is made anew for it. */
  readonly replaces: boolean;
}

export interface PluginProcess {
  /** @throws Error where the plugin does not understand a value; with a code as `isUnknownType` says. */
  readonly diff: (type: string, before: Properties, after: Properties) => Promise<PropertyDiff[]>;
  readonly stop: () => void;
}

/** Whether the error of a plugin says that it has no such resource, as one that was built from older pins. */
export function isUnknownType(error: unknown): boolean {
  return codeOf(error) === NOT_FOUND;
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code;
}

/** https://grpc.io/docs/guides/status-codes/ */
const NOT_FOUND = 5;
const UNAVAILABLE = 14;

/** Kinds of a PropertyDiff: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto */
const REPLACING = [1, 3, 5];

/**
 * @param config settings of the provider, as text
 * @param env added to this process's environment
 */
export async function startPlugin(
  tool: Tool,
  config: Properties = {},
  env: Record<string, string> = {},
): Promise<PluginProcess> {
  let connection = await connect(tool, config, env);
  return {
    diff: async (type, before, after) => {
      const request = diffRequest(type, before, after);
      const { client } = connection;
      const answer = answered<DiffResponse>((done) => client.diff(request, done));
      return diffsOf(
        await answer.catch(async (error: unknown) => {
          // Some values are the death of a plugin. The next question is another one's.
          if (codeOf(error) === UNAVAILABLE) connection = await connect(tool, config, env);
          throw error;
        }),
      );
    },
    stop: () => connection.close(),
  };
}

/** Starts the plugin and tells it the provider's settings. */
async function connect(tool: Tool, config: Properties, env: Record<string, string>) {
  // The engine's address: what the plugin would tell it is nobody's business here.
  const child = execa(toolPath(tool), ["127.0.0.1:1"], {
    env,
    stdin: "ignore",
    stderr: "ignore",
    buffer: false,
    reject: false,
  });
  const port = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    void child.then(() => reject(failed(`${tool.name} did not start`)));
  });
  const { ResourceProviderClient, ConfigureRequest, Struct, grpc } = protocol;
  const client = new ResourceProviderClient(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  const configuration = new ConfigureRequest();
  configuration.setArgs(Struct.fromJavaScript(config));
  configuration.setAcceptsecrets(true);
  await answered((done) => client.configure(configuration, done));
  const close = () => {
    client.close();
    child.kill();
  };
  return { client, close };
}

function diffRequest(type: string, before: Properties, after: Properties): DiffRequest {
  const { DiffRequest, Struct } = protocol;
  const request = new DiffRequest();
  request.setId("it");
  request.setUrn(`urn:pulumi:stack::project::${type}::it`);
  request.setType(type);
  request.setName("it");
  request.setOlds(Struct.fromJavaScript({ id: "it", __inputs: before, ...before }));
  request.setOldInputs(Struct.fromJavaScript(before));
  request.setNews(Struct.fromJavaScript(after));
  return request;
}

/** Not every plugin says how each property differs; all say which ones replace. */
function diffsOf(response: DiffResponse): PropertyDiff[] {
  const detailed = [...response.getDetaileddiffMap().entries()].map(([path, diff]) => ({
    path,
    replaces: REPLACING.includes(diff.getKind()),
  }));
  if (response.getHasdetaileddiff()) return detailed;
  const replacing = response.getReplacesList();
  const others = response.getDiffsList().filter((path) => !replacing.includes(path));
  return [
    ...replacing.map((path) => ({ path, replaces: true })),
    ...others.map((path) => ({ path, replaces: false })),
  ];
}

type Done<T> = (error: Error | null, response: T) => void;

function answered<T>(ask: (done: Done<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    ask((error, response) => (error ? reject(error) : resolve(response))),
  );
}

/** The messages, as far as they are used. */
interface ConfigureRequest {
  setArgs(value: unknown): void;
  setAcceptsecrets(value: boolean): void;
}

interface DiffRequest {
  setId(value: string): void;
  setUrn(value: string): void;
  setType(value: string): void;
  setName(value: string): void;
  setOlds(value: unknown): void;
  setOldInputs(value: unknown): void;
  setNews(value: unknown): void;
}

interface DiffResponse {
  getDetaileddiffMap(): Map<string, { getKind(): number }>;
  getHasdetaileddiff(): boolean;
  getReplacesList(): string[];
  getDiffsList(): string[];
}

interface ResourceProviderClient {
  configure(request: ConfigureRequest, done: Done<unknown>): void;
  diff(request: DiffRequest, done: Done<DiffResponse>): void;
  close(): void;
}

interface Protocol {
  readonly ResourceProviderClient: new (address: string, credentials: unknown) => ResourceProviderClient;
  readonly ConfigureRequest: new () => ConfigureRequest;
  readonly DiffRequest: new () => DiffRequest;
  readonly Struct: { fromJavaScript(value: Properties): unknown };
  readonly grpc: { credentials: { createInsecure(): unknown } };
}

/** The SDK's own copy of it, and of the libraries that it is spoken with. */
const protocol = loadProtocol();

function loadProtocol(): Protocol {
  const fromHere = createRequire(import.meta.url);
  const fromSdk = createRequire(fromHere.resolve("@pulumi/pulumi/package.json"));
  return {
    ...(fromSdk("./proto/provider_grpc_pb.js") as Pick<Protocol, "ResourceProviderClient">),
    ...(fromSdk("./proto/provider_pb.js") as Pick<Protocol, "ConfigureRequest" | "DiffRequest">),
    ...(fromSdk("google-protobuf/google/protobuf/struct_pb.js") as Pick<Protocol, "Struct">),
    grpc: fromSdk("@grpc/grpc-js") as Protocol["grpc"],
  };
}
