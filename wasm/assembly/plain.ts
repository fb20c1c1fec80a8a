// What both modules export. Without SIMD the compiler leaves the vector branches out.

export { crcReset, crcUpdate, crcValue } from "./crc32";
export { deflate } from "./deflate";
export { inflate, inflateInput, inflateReset, inflateUnused, pieceBegin, pieceLength } from "./inflate";
export { shaBlocks, shaReset } from "./sha256";

export {
  CHUNK,
  CHUNK_SIZE,
  CRC_INPUT,
  CRC_INPUT_SIZE,
  CRC_JOB_END,
  DEFLATE_END,
  DICTIONARY_SIZE,
  INFLATE_END,
  INFLATE_INPUT,
  INFLATE_INPUT_SIZE,
  OUTPUT,
  SHA_END,
  SHA_INPUT,
  SHA_STATE,
  SHA_STRIDE,
} from "./layout";
