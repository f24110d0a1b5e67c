/** A large page as bytes. */

const encoder = new TextEncoder();
/** Many small buffers are work for the garbage collector, and a large one must be found in one piece. */
const BYTES = 65_536;

export const newBlock = (): Buffer => Buffer.allocUnsafeSlow(BYTES);

/** Each block but the last one is full, but for the rest of a letter; `blank` gives the one that is filled next. */
export async function* inBlocks(pieces: AsyncIterable<string>, blank: () => Buffer): AsyncGenerator<Buffer> {
  let block = blank();
  let length = 0;
  for await (const piece of pieces) {
    for (let rest = piece; rest !== ""; ) {
      const { read, written } = encoder.encodeInto(rest, block.subarray(length));
      length += written;
      rest = rest.slice(read);
      if (rest === "") continue;
      yield block.subarray(0, length);
      block = blank();
      length = 0;
    }
  }
  yield block.subarray(0, length);
}

export async function whole(pieces: AsyncIterable<string>): Promise<Buffer> {
  const blocks: Buffer[] = [];
  for await (const block of inBlocks(pieces, newBlock)) blocks.push(block);
  return Buffer.concat(blocks);
}
