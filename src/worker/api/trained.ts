/** What is trained or loaded: an adapter of this rank and alpha, or weights of their own, where both are 0. */
export interface TrainedInfo {
  readonly kind: "lora" | "full";
  readonly rank: number;
  readonly alpha: number;
}
