/**
 * Where the command line keeps what is learned after an update: the ledger of releases and the status. It is the command
 * line's own, and none of the stack's resources: otherwise every release would leave a difference behind.
 */

/** Name of the ConfigMap, in the stack's namespace. */
export const RECORDS = "tristack-records";
