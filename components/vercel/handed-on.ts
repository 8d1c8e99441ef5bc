/** Which requests Vercel hands on to the services: those whose longest match is a route of theirs, and not of the web's. */

/**
 * @param services routes of the services
 * @param web routes of the web; all else is the web's anyway
 * @returns a regular expression whose first group is the path
 */
export function handedOn(services: readonly string[], web: readonly string[]): string {
  const mine = services.map(trimmed);
  const others = web.map(trimmed);
  const ways = mine.map((route) => {
    // What the web has below it is left out; where a service has something below that again, it has a way of its own.
    const inner = others.filter((one) => one.startsWith(`${route}/`)).map((one) => one.slice(route.length));
    const without = inner.length > 0 ? `(?!(?:${inner.map(escaped).join("|")})(?:/|$))` : "";
    return `${escaped(route)}${without}(?:/.*)?`;
  });
  return `^(${ways.join("|")})$`;
}

function trimmed(route: string): string {
  return route.replace(/\/+$/, "");
}

/** Of what paths in settings may hold, a dot alone means something. */
function escaped(path: string): string {
  return path.replaceAll(".", "\\.");
}
