// Where things lie in memory.
//
// One instance of the module does one job (four hash lanes, or one encoder, or one decoder), so the jobs share the same
// addresses and the loader gives each instance just the memory its job needs. Constants of the compiler's own making
// (round constants, code tables) lie below BASE. Nothing is allocated at run time.

const KiB: usize = 1024;

/** First byte after the compiler's data. */
export const BASE: usize = 4 * KiB;

// crc32, for every job: the byte table, then the sliding window of crc32.ts.
export const CRC_TABLE: usize = BASE; // 256 u32
export const CRC_WINDOW: usize = CRC_TABLE + KiB; // 4 KiB of history, then a block of 16 KiB
export const CRC_END: usize = CRC_WINDOW + 20 * KiB;

/** Where a job's own regions begin. */
export const JOB: usize = CRC_END;

// sha256: the state of four lanes, one vector for each of the eight words; the message schedule; then what the lanes are about to hash.
export const SHA_STATE: usize = JOB;
export const SHA_SCHEDULE: usize = SHA_STATE + 128; // 64 vectors, or 64 words of one lane
export const SHA_INPUT: usize = SHA_SCHEDULE + KiB;
export const SHA_STRIDE: usize = 64 * KiB + 64; // bytes of input a lane holds
export const SHA_END: usize = SHA_INPUT + 4 * SHA_STRIDE;

// crc32 alone: a piece of input.
export const CRC_INPUT: usize = JOB;
export const CRC_INPUT_SIZE: usize = 64 * KiB;
export const CRC_JOB_END: usize = CRC_INPUT + CRC_INPUT_SIZE;

// DEFLATE encoder: tables, then the window (dictionary and chunk), the sequences found in it, and the output. The window
// lies above 64 KiB, so an empty hash slot (address 0) is farther away than any match may be.
export const LITLEN_FREQ: usize = JOB; // 288 u32
export const DIST_FREQ: usize = LITLEN_FREQ + 288 * 4; // 32 u32, straight after: the two are one histogram
export const LENGTH_FREQ: usize = DIST_FREQ + 32 * 4; // how often each match length occurs, 260 u32
export const SEGMENT_FREQ: usize = LENGTH_FREQ + 260 * 4; // litlen and distances of one segment, 320 u32
export const LITLEN_BITS: usize = SEGMENT_FREQ + 320 * 4; // code lengths, 288 u8
export const DIST_BITS: usize = LITLEN_BITS + 288; // 32 u8
export const LITLEN_CODE: usize = DIST_BITS + 32; // code | bits << 24, 288 u32
export const DIST_CODE: usize = LITLEN_CODE + 288 * 4; // 32 u32
export const LENGTH_CODE: usize = DIST_CODE + 32 * 4; // code and extra bits | bits << 24 of each length, 260 u32
export const SORT: usize = LENGTH_CODE + 260 * 4; // symbols by frequency, 288 u32
export const RUNS: usize = SORT + 288 * 4; // code lengths, run-length coded, 320 u16
export const RUNS_FREQ: usize = RUNS + 320 * 2; // 20 u32
export const RUNS_BITS: usize = RUNS_FREQ + 20 * 4; // 20 u8
export const RUNS_CODE: usize = RUNS_BITS + 32; // 20 u32
export const LOG2: usize = RUNS_CODE + 20 * 4; // log2 of 1 to 2 in 256 steps, u16
export const HEAD: usize = 48 * KiB; // hash of 4 or 5 bytes: newest address, 2^17 u32
export const HEAD3: usize = HEAD + 512 * KiB; // hash of 3 bytes: newest address, 2^14 u32
export const PREV: usize = HEAD3 + 64 * KiB; // the address before with the same hash, 2^15 u32
export const WINDOW: usize = PREV + 128 * KiB;
export const DICTIONARY_SIZE: usize = 32 * KiB;
export const CHUNK: usize = WINDOW + DICTIONARY_SIZE;
export const CHUNK_SIZE: usize = 512 * KiB;
export const SEQUENCES: usize = CHUNK + CHUNK_SIZE + 64; // two u32 each: literals before it, length << 16 | distance
export const SEQUENCES_END: usize = SEQUENCES + 8 * (CHUNK_SIZE / 3 + 16);
export const LITERALS: usize = SEQUENCES_END + 64; // the literals of all sequences, one after another
export const OUTPUT: usize = LITERALS + CHUNK_SIZE + 64;
export const DEFLATE_END: usize = OUTPUT + CHUNK_SIZE + 16 * KiB;

// Inflater: decoding tables, input, and the output with 32 KiB of history before it.
export const LITLEN_TABLE: usize = JOB; // 2^11 entries and subtables: 2342 u32 at most
export const DIST_TABLE: usize = LITLEN_TABLE + 2400 * 4; // 2^8 entries and subtables: 402 u32 at most
export const RUNS_TABLE: usize = DIST_TABLE + 416 * 4; // 2^7 u32
export const CODE_LENGTHS: usize = RUNS_TABLE + 128 * 4; // 320 u8, and the longest run past them
export const SORTED: usize = CODE_LENGTHS + 464; // 288 u16
export const INFLATE_INPUT: usize = JOB + 16 * KiB;
export const INFLATE_INPUT_SIZE: usize = 64 * KiB;
export const HISTORY: usize = INFLATE_INPUT + INFLATE_INPUT_SIZE + 64;
export const HISTORY_SIZE: usize = 32 * KiB;
export const PIECES: usize = HISTORY + HISTORY_SIZE;
export const PIECES_END: usize = PIECES + 256 * KiB;
export const INFLATE_END: usize = PIECES_END + 512; // one match and what its copy writes too much
