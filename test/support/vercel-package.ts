/** Where tests find Vercel's SDK: the stand-in, or the package itself in the folder that TRISTACK_VERCEL_SDK names. */
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PACKAGE } from "../../components/vercel/sdk.ts";

/** From now on it is there. @returns what ends that */
export function findVercelSdk(): () => void {
  const real = process.env.TRISTACK_VERCEL_SDK;
  const { dirname } = import.meta;
  return resolving(
    real
      ? { [PACKAGE]: join(real, "index.js"), [`${PACKAGE}/package.json`]: join(real, "package.json") }
      : // The record says its version, too.
        {
          [PACKAGE]: join(dirname, "vercel-stand-in.ts"),
          [`${PACKAGE}/package.json`]: join(dirname, "vercel-sdk.json"),
        },
  );
}

/** From now on it is not there, be it that this checkout has it. @returns what ends that */
export function hideVercelSdk(): () => void {
  return resolving({ [PACKAGE]: undefined, [`${PACKAGE}/package.json`]: undefined });
}

function resolving(files: Readonly<Record<string, string | undefined>>): () => void {
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (!(specifier in files)) return next(specifier, context);
      const file = files[specifier];
      if (file === undefined) throw new Error(`no package of the name ${specifier}`);
      return { url: pathToFileURL(file).href, shortCircuit: true };
    },
  });
  return () => hooks.deregister();
}
