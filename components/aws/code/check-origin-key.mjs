/** Authorizer of the API: whether a request carries the key that the distribution adds. */
import { createHash, timingSafeEqual } from "node:crypto";

const wanted = Buffer.from(process.env.KEY_DIGEST, "hex");

export async function handler({ headers = {} }) {
  const given = createHash("sha256")
    .update(headers["x-origin-key"] ?? "")
    .digest();
  return { isAuthorized: timingSafeEqual(given, wanted) };
}
