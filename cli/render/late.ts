/**
 * Has two libraries loaded when they are asked for, and not with Pulumi: it serializes functions with them, those of callbacks and
 * dynamic providers. Loading them is a third of a plan's time, and most programs have no such function.
 */
import { createRequire } from "node:module";

const require = createRequire(createRequire(import.meta.url).resolve("@pulumi/pulumi"));

/** Puts a stand-in where Node keeps the modules that it has loaded. */
function late(library: string): void {
  const file = require.resolve(library);
  const load = () => {
    if (require.cache[file] === standIn) delete require.cache[file];
    return require(file) as object;
  };
  // That it is an ES module, as Pulumi asks, keeps it from copying what is exported, which would load it.
  const exports = new Proxy(
    { __esModule: true },
    { get: (own, name) => Reflect.get(Object.hasOwn(own, name) ? own : load(), name) as unknown },
  );
  const standIn = { id: file, filename: file, loaded: true, exports } as NodeJS.Module;
  require.cache[file] = standIn;
}

late("typescript");
late("@npmcli/arborist");
