/**
 * Where the fields of a header block begin and how long they are, in bytes.
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html#tag_20_94_13_06
 *
 * @module
 */

/** Where each field begins. */
export const offsets = {
  name: 0,
  mode: 100,
  uid: 108,
  gid: 116,
  size: 124,
  mtime: 136,
  checksum: 148,
  flag: 156,
  linkname: 157,
  magic: 257,
  version: 263,
  uname: 265,
  gname: 297,
  devmajor: 329,
  devminor: 337,
  prefix: 345,
  /** GNU: access and change times stand where ustar has its prefix. */
  gnuAtime: 345,
  gnuCtime: 357,
  /** GNU: the first four pieces of a sparse file. */
  gnuSparse: 386,
  /** GNU: whether blocks with more pieces follow. */
  gnuSparseMore: 482,
  /** GNU: the size of a sparse file with its holes. */
  gnuRealSize: 483,
  starAtime: 476,
  starCtime: 488,
  /** star: `tar` and a NUL. */
  starMagic: 508,
} as const;

/** How long each field is. Texts may fill theirs to the end; some writers leave a NUL there. */
export const lengths = {
  name: 100,
  mode: 8,
  uid: 8,
  gid: 8,
  size: 12,
  mtime: 12,
  checksum: 8,
  linkname: 100,
  uname: 32,
  gname: 32,
  devmajor: 8,
  devminor: 8,
  prefix: 155,
  /** star: its times follow. */
  starPrefix: 131,
  gnuTime: 12,
  gnuRealSize: 12,
} as const;
