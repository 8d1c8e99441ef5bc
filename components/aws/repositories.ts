/** Registries of images in ECR: what a tag meant stays so, each image is scanned, old ones go. */
import * as pulumi from "@pulumi/pulumi";
import * as aws from "./sdk.ts";

export interface RepositoriesArgs {
  names: readonly string[];
  /** Images kept in each. */
  keep: number;
  protect: boolean;
}

/** Days that an image without a tag stays: a push that was cut short. */
const UNTAGGED_DAYS = 7;

export class Repositories extends pulumi.ComponentResource {
  /** URLs by name, as `docker push` and `services.*.image` want them. */
  readonly urls: Readonly<Record<string, pulumi.Output<string>>>;
  readonly arns: readonly pulumi.Output<string>[];

  constructor(name: string, args: RepositoriesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("tristack:aws:Repositories", name, {}, opts);
    const made = args.names.map((repository) => {
      const one = new aws.ecr.Repository(
        repository,
        {
          name: repository,
          imageTagMutability: "IMMUTABLE",
          imageScanningConfiguration: { scanOnPush: true },
          encryptionConfigurations: [{ encryptionType: "AES256" }],
        },
        { parent: this, protect: args.protect },
      );
      new aws.ecr.LifecyclePolicy(
        repository,
        { repository: one.name, policy: JSON.stringify({ rules: rules(args.keep) }) },
        { parent: this },
      );
      return [repository, one] as const;
    });
    this.urls = Object.fromEntries(
      made.map(([repository, { repositoryUrl }]) => [repository, repositoryUrl]),
    );
    this.arns = made.map(([, { arn }]) => arn);
    this.registerOutputs({});
  }
}

function rules(keep: number) {
  return [
    {
      rulePriority: 1,
      description: "pushes that were cut short",
      selection: {
        tagStatus: "untagged",
        countType: "sinceImagePushed",
        countUnit: "days",
        countNumber: UNTAGGED_DAYS,
      },
      action: { type: "expire" },
    },
    {
      rulePriority: 2,
      description: `all but the last ${keep}`,
      selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: keep },
      action: { type: "expire" },
    },
  ];
}
