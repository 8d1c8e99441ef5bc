/** Resources that hold what cannot be made again: whoever deletes or replaces one loses it. */

const HOLDS_DATA: readonly string[] = [
  "aws:ec2/instance:Instance",
  "aws:ecr/repository:Repository",
  "aws:eks/cluster:Cluster",
  "aws:kms/key:Key",
  "aws:rds/instance:Instance",
  "aws:s3/bucket:Bucket",
  "docker:index/volume:Volume",
  // With everything in it.
  "kubernetes:core/v1:Namespace",
  "kubernetes:core/v1:PersistentVolumeClaim",
  "random:index/randomPassword:RandomPassword",
];

/** Volumes of secrets are made anew with every change of one; their contents are in the settings. */
export function holdsData(type: string, name: string): boolean {
  return HOLDS_DATA.includes(type) && !/-secrets(-[0-9a-f]+)?$/.test(name);
}
