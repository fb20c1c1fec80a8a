/**
 * What an address counts as where clients are told apart: itself, or, of IPv6, the first half, as one client has all
 * that begins so.
 */
export function clientKey(address: string): string {
  const bare = address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  if (!bare.includes(":")) return bare;
  const [head = "", tail] = bare.toLowerCase().split("::");
  const [before, after] = [head, tail ?? ""].map((half) => half === "" ? [] : half.split(":"));
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before!.length - after!.length);
  const groups = [...before!, ...Array.from({ length: missing }, () => "0"), ...after!];
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::`;
}
