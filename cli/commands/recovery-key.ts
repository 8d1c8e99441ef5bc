/** `tristack recovery-key`: the pair of keys with which the stack's state is backed up, and rebuilt from. */
import { Command } from "commander";
import { jsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";
import { newRecoveryKey } from "../state-copy.ts";

export function recoveryKeyCommand(): Command {
  return new Command("recovery-key")
    .description("make a pair of keys: one for the settings, one to keep outside, for `tristack rebuild`")
    .addOption(jsonOption())
    .addHelpText("after", "\nExamples:\n  tristack recovery-key\n  tristack recovery-key --json\n")
    .action(async (options: { json?: boolean }) => {
      const { publicKey, secretKey } = await newRecoveryKey();
      if (options.json) return printJson({ publicKey, secretKey });
      print("For the settings, under `backup`; it is no secret:\n");
      print(`  recoveryKey: ${publicKey}\n`);
      print("For your password manager and nowhere else. It is shown once, and saved nowhere:\n");
      print(`  ${secretKey}\n`);
    });
}
