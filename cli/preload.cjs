/**
 * What Node loads before Pulumi, in the command line and in the programs that it has run: two libraries are loaded when they are asked
 * for and not with Pulumi. It serializes functions with them, those of callbacks and dynamic providers; they take longer to load than
 * the rest of it, and most programs have no such function.
 */
const { createRequire } = require("node:module");

const pulumi = createRequire(require.resolve("@pulumi/pulumi"));

/** Puts a stand-in where Node keeps the modules that it has loaded. */
function late(library) {
  const file = pulumi.resolve(library);
  const load = () => {
    if (pulumi.cache[file] === standIn) delete pulumi.cache[file];
    return pulumi(file);
  };
  // That it is an ES module, as Pulumi asks, keeps it from copying what is exported, which would load it.
  const own = { __esModule: true };
  const exports = new Proxy(own, { get: (_, name) => (Object.hasOwn(own, name) ? own : load())[name] });
  const standIn = { id: file, filename: file, loaded: true, exports };
  pulumi.cache[file] = standIn;
}

late("typescript");
late("@npmcli/arborist");
