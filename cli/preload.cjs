/**
 * What Node loads before Pulumi (Pulumi.yaml's `nodeargs`), in the command line as well: libraries that are loaded when they are asked
 * for and not with Pulumi. They take longer to load than the rest of it.
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

// It serializes functions with these, those of callbacks and dynamic providers; most programs have none.
late("typescript");
late("@npmcli/arborist");
// Nobody asks for this one: it would prepare every stack trace through source maps, and Pulumi takes one for every promise. Node
// strips types in place, so lines are right without.
late("source-map-support/register");
