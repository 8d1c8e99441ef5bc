/** A moto of its own, and the command line's clients that ask it, as long as a suite needs them. */
import { Clients } from "../../cli/aws/clients.ts";
import { type Moto, REGION, envOf, startMoto } from "./e2e-moto.ts";
import { withVariables } from "./variables.ts";

export async function clientsOfMoto(): Promise<{ moto: Moto; aws: Clients; stop: () => Promise<unknown> }> {
  const moto = await startMoto();
  const restore = withVariables(envOf(moto));
  const stop = () => {
    restore();
    return Promise.resolve(moto.stop());
  };
  return { moto, aws: new Clients(REGION), stop };
}
