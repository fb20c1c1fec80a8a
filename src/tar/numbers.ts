// Numbers in header fields: octal text, or base-256 (GNU, star) where the first bit is set.

/** A field's number; `undefined` when it is neither form, or needs more than 63 bits. */
export function readNumber(block: Uint8Array, at: number, length: number): number | bigint | undefined {
  if (block[at]! & 0x80) return readBase256(block.subarray(at, at + length));
  const end = at + length;
  let i = at;
  while (i < end && (block[i] === 0x20 || block[i] === 0)) i++;
  let value = 0;
  for (; i < end; i++) {
    const digit = block[i]! - 0x30;
    if (digit < 0 || digit > 7) break;
    value = value * 8 + digit;
  }
  if (i === end || block[i] === 0) return value;
  if (block[i] !== 0x20) return undefined;
  while (++i < end) if (block[i] !== 0x20 && block[i] !== 0) return undefined;
  return value;
}

/** Writes octal text that ends in NUL where the number fits, else base-256. */
export function writeNumber(block: Uint8Array, at: number, length: number, value: number): void {
  let rest = value;
  for (let i = at + length - 2; i >= at; i--) {
    block[i] = 0x30 + rest % 8;
    rest = Math.floor(rest / 8);
  }
  block[at + length - 1] = 0;
  // Of a negative number something is left, whatever its size.
  if (rest !== 0) writeBase256(block, at, length, value);
}

/** Two's complement, whose sign is the second bit of the first byte. */
function writeBase256(block: Uint8Array, at: number, length: number, value: number): void {
  let rest = BigInt(value);
  for (let i = at + length - 1; i >= at; i--) {
    block[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  block[at]! |= 0x80;
}

function readBase256(field: Uint8Array): number | bigint | undefined {
  const negative = (field[0]! & 0x40) !== 0;
  let value = BigInt(field[0]! & 0x7f);
  for (const byte of field.subarray(1)) value = value << 8n | BigInt(byte);
  if (negative) value -= 1n << BigInt(field.length * 8 - 1);
  if (BigInt.asIntN(64, value) !== value) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
