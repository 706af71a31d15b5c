/** The port by which samples are made by the user's own command. */

/** How a command ended that was called. */
export interface CommandRun {
  /** The last lines that it wrote, made printable. */
  readonly lastLines: readonly string[];
}

/**
 * Makes the pictures of these seeds in an empty folder, one a seed. Throws COMMAND_FAILED where the command cannot be
 * started, fails, or is silent for too long.
 */
export type Generate = (seeds: readonly number[], folder: string) => Promise<CommandRun>;
