/** What a part is, and how one ends. */

/** What was found, for the summary. */
export interface Findings {
  /** Sentences for people. */
  said: string[];
  /** Numbers and names for programs. */
  values?: Record<string, number | string | boolean | null>;
  /** The results themselves say that something is wrong. */
  isBad?: boolean;
  /** There are none, which is a failure unless the part was stopped. */
  isEmpty?: boolean;
}

/** A part of the run: one or more commands, each in a process of its own. */
export interface Part {
  name: string;
  /** What it answers. */
  what: string;
  /** Most that it may take of the whole time. */
  share: number;
  /**
   * Arguments of Node for each command, one after the other; asked for when the part begins, so that they
   * may depend on what earlier parts found. Throws NothingToRun where there is none.
   */
  commands(): readonly (readonly string[])[];
  /** Variables of these commands. */
  env?: Readonly<Record<string, string>>;
  /** Reads what the commands wrote, also where they were stopped. */
  findings(): Findings;
}

/** `stopped`: it came to its time limit, what it had found by then counts. */
export type Status = 'done' | 'stopped' | 'failed' | 'skipped';

export interface PartResult {
  name: string;
  what: string;
  status: Status;
  seconds: number;
  limitSeconds: number;
  said: string[];
  values: Record<string, number | string | boolean | null>;
}

/** How a command ended. */
export interface Ended {
  code: number | null;
  /** It was told to stop at its limit. */
  isStopped: boolean;
  /** Last lines of what it printed. */
  tail: string;
}

/** A part has nothing to do here; the message is the reason. */
export class NothingToRun extends Error {}
