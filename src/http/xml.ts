import { GantryError } from "../errors.ts";

/** The texts of the elements of this name, in order. No element of S3's holds one of its own name. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([\\s\\S]*?)</${name}>`, "g"))]
    .map(([, inner]) => inner!);
}

/** The text of the first element of this name, with its entities read. */
export function element(xml: string, name: string): string | undefined {
  const [inner] = elements(xml, name);
  return inner?.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(lt|gt|amp|quot|apos));/g,
    (_, hex, decimal, name) => {
      if (name) return { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }[name as "lt"];
      return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
    },
  );
}

/** As {@link element}, where it has to be there. */
export function requiredElement(xml: string, name: string, what: string): string {
  const found = element(xml, name);
  if (found !== undefined) return found;
  throw new GantryError("unavailable", `${what}: the answer has no ${name}`);
}

/** A text as it stands in an element. */
export function escaped(text: string): string {
  return text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
