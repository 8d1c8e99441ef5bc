/** What Node loads before Pulumi (Pulumi.yaml's `nodeargs`), in the command line as well. */
const { createRequire, enableCompileCache } = require("node:module");

// Halves the time that loading takes, Pulumi's included, from the second run on. An old Node has none; main.js says that it is old.
enableCompileCache?.();

const pulumi = createRequire(require.resolve("@pulumi/pulumi"));

// Where a trace is asked for, what counts gRPC's calls has to be there before gRPC, which all of the below may load.
if (process.env.TRACEPARENT) pulumi("./cmd/run/instrumentation.js");

/**
 * Has a library loaded when it is asked for, by a stand-in where Node keeps the modules that it has loaded.
 * @param own what the stand-in itself answers
 * @returns loads it
 */
function late(library, own = {}) {
  const file = pulumi.resolve(library);
  const load = () => {
    if (pulumi.cache[file] === standIn) delete pulumi.cache[file];
    return pulumi(file);
  };
  // That it is an ES module, as Pulumi asks, keeps it from copying what is exported, which would load it.
  const answers = { __esModule: true, ...own };
  const get = (_, name) => (Object.hasOwn(answers, name) ? answers[name] : load()[name]);
  const standIn = { id: file, filename: file, loaded: true, exports: new Proxy(answers, { get }) };
  pulumi.cache[file] = standIn;
  return load;
}

// These take longer to load than the rest of Pulumi, which serializes functions with them, those of callbacks and dynamic providers;
// most programs have none.
late("typescript");
late("@npmcli/arborist");
// A program that Pulumi runs does not run Pulumi itself, and this is a third of its files.
late("./automation/index.js");
// Nobody asks for this one: it would prepare every stack trace through source maps, and Pulumi takes one for every resource. Node
// strips types in place, so lines are right without.
late("source-map-support/register");

// A quarter of the program's time went into a stack trace for each promise, which Pulumi prints where this variable is set alone.
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
  const debuggable = pulumi("./runtime/debuggable.js");
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (promise, context) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}

// A tenth of a preview went into V8's debugger, which Pulumi turns on in every program to know the file of a function that cannot be
// serialized. It is turned on for the first one that is serialized; once more, since it tells of the files that it knows as it starts,
// and Pulumi listens a moment later.
let debug;
const hooks = late("./runtime/closure/v8Hooks.js", {
  isInitializedAsync: async () => {},
  getSessionAsync: () => (debug ??= startDebugger()),
});

async function startDebugger() {
  const session = await hooks().getSessionAsync();
  for (const method of ["Debugger.disable", "Debugger.enable"])
    await new Promise((resolve, reject) =>
      session.post(method, (error) => (error ? reject(error) : resolve())),
    );
  return session;
}
