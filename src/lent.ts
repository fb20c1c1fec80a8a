import type { Bytes } from "./bytes.ts";

/** Who gets the memory of a piece back. */
const owners = new WeakMap<Bytes, (memory: ArrayBuffer) => void>();

/** Gives a piece away, whose memory the owner can use again if it comes back. */
export function lend(piece: Bytes, owner: (memory: ArrayBuffer) => void): Bytes {
  owners.set(piece, owner);
  return piece;
}

/**
 * Gives back a piece that nobody needs any longer, nor any part of it, and tells whether it was lent. Who reads much does
 * so: memory that is new for each piece costs as much as what is done with it.
 */
export function giveBack(piece: Bytes): boolean {
  const owner = owners.get(piece);
  owners.delete(piece);
  owner?.(piece.buffer);
  return owner !== undefined;
}
