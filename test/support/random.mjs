// Randomness that can be had again: a test prints its seed, and SIGHTLINE_SEED repeats it.

const KEPT = 943_225;

/// The seed of this run: SIGHTLINE_SEED, another each time if that is `random`, else always the
/// same, so that a change is judged by what it changes.
export function seed() {
  const chosen = process.env.SIGHTLINE_SEED ?? KEPT;
  return chosen === 'random' ? Date.now() % 1_000_000 : Number(chosen);
}

/// Numbers that look random, the same for the same seed.
export class Random {
  #state;

  constructor(from) {
    this.#state = (from * 2_654_435_761 + 1) % 0x7fffffff || 1;
  }

  /// A whole number from 0 up to but without `limit`.
  below(limit) {
    this.#state = (this.#state * 48_271) % 0x7fffffff;
    return this.#state % limit;
  }

  /// A whole number of at least `least` and below `limit`.
  between(least, limit) {
    return least + this.below(limit - least);
  }

  oneOf(values) {
    return values[this.below(values.length)];
  }
}
