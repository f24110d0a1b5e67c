// A probe's stream, whole.
const LEAST = 8 * 1024;

/** Bytes as they come, in one place: kept chunk by chunk, each would be several objects of V8's that live as long as all of them. */
export class Bytes {
  #held: Buffer = Buffer.alloc(0);
  #length = 0;

  /** The first chunk is kept as it is: mostly there is no other. */
  push(chunk: Buffer): void {
    if (this.#length === 0) this.#held = chunk;
    else {
      const needed = this.#length + chunk.length;
      if (needed > this.#held.length) {
        const larger = Buffer.allocUnsafeSlow(Math.max(LEAST, 2 * needed));
        this.#held.copy(larger, 0, 0, this.#length);
        this.#held = larger;
      }
      chunk.copy(this.#held, this.#length);
    }
    this.#length += chunk.length;
  }

  /** A view: valid until more is pushed. */
  whole(): Buffer {
    return this.#held.subarray(0, this.#length);
  }
}
