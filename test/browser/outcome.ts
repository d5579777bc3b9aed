/** What a detection gave, as numbers that travel between browser and test. */
export interface PlainFace {
  box: number[];
  score: number;
  ratio: number | undefined;
  /** Pixels of the mask. */
  covered: number;
}

export interface Outcome {
  faces: PlainFace[];
  width: number;
  height: number;
}
