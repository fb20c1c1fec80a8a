/**
 * Where the data of a sparse file lies: offset, length, offset, length…, in order; all else is zeros.
 * https://www.gnu.org/software/tar/manual/html_section/Sparse-Formats.html
 */
export type SparseMap = readonly number[];
