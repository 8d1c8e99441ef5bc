/** The scripts of backups where each of their jobs is a pod or a task of its own: paths as `scriptText` takes them. */

const parts = (...names: string[]) => ["alarms/raise.sh", ...names.map((name) => `backup/${name}`)];

/** What reads the database. */
export const KEEPER_PARTS = parts("common.sh", "dump.sh", "restore.sh", "errand.sh", "job.sh");

/** What speaks with S3. */
export const COURIER_PARTS = parts("common.sh", "deliver.sh", "remote.sh", "errand.sh");
