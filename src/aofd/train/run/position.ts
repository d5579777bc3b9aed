/** Where a run stands. */
export class Position {
  #stage: number;
  #stageStep: number;
  #step: number;

  constructor(stage = 0, stageStep = 0, step = 0) {
    this.#stage = stage;
    this.#stageStep = stageStep;
    this.#step = step;
  }

  /** Index of the stage. */
  get stage(): number {
    return this.#stage;
  }

  /** Updates done in that stage. */
  get stageStep(): number {
    return this.#stageStep;
  }

  /** Updates done in all. */
  get step(): number {
    return this.#step;
  }

  /** Counts an update. */
  advance(): void {
    this.#stageStep++;
    this.#step++;
  }

  enterNextStage(): void {
    this.#stage++;
    this.#stageStep = 0;
  }
}
