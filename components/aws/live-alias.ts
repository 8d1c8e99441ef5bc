/** The alias of every service's function: requests go to it, wherever it points. */
export const LIVE = "live";
