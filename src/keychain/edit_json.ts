import { findNodeAtLocation, type Node, parseTree } from "jsonc-parser";

/**
 * Sets or, with undefined, removes a member in the text of a JSON document. All other bytes stay; what is added is written as
 * what stands around it. What holds the member must be there.
 */
export function setMember(text: string, path: readonly string[], value: unknown): string {
  const root = parseTree(text)!;
  const there = findNodeAtLocation(root, [...path]);
  const key = path.at(-1)!;
  const object = findNodeAtLocation(root, path.slice(0, -1))!;
  if (value === undefined) return there ? remove(text, object, there.parent!) : text;
  const style = styleOf(text);
  if (!there) return insert(text, object, key, value, style);
  return splice(text, there.offset, endOf(there), format(value, style, indentAt(text, there.offset)));
}

/** How a document is written: its indentation and line ends; nothing where it is one line. */
interface Style {
  indent: string;
  eol: string;
}

function styleOf(text: string): Style | undefined {
  const [, eol, indent] = /(\r?\n)([ \t]+)\S/.exec(text) ?? [];
  return eol === undefined ? undefined : { eol, indent: indent! };
}

function insert(
  text: string,
  object: Node,
  key: string,
  value: unknown,
  style: Style | undefined,
): string {
  const last = object.children!.at(-1);
  if (last) {
    const [name, given] = last.children!;
    const before = /\s*$/.exec(text.slice(0, last.offset))![0];
    const colon = text.slice(endOf(name!), given!.offset);
    const written = before.includes("\n")
      ? format(value, style, before.slice(before.lastIndexOf("\n") + 1))
      : JSON.stringify(value);
    return splice(text, endOf(last), endOf(last), `,${before}${JSON.stringify(key)}${colon}${written}`);
  }
  const name = JSON.stringify(key);
  if (!style) return splice(text, object.offset, endOf(object), `{${name}:${JSON.stringify(value)}}`);
  const outer = indentAt(text, object.offset);
  const inner = outer + style.indent;
  const member = `${style.eol}${inner}${name}: ${format(value, style, inner)}${style.eol}${outer}`;
  return splice(text, object.offset, endOf(object), `{${member}}`);
}

function remove(text: string, object: Node, member: Node): string {
  const members = object.children!;
  const at = members.indexOf(member);
  const [before, after] = [members[at - 1], members[at + 1]];
  if (after) return splice(text, member.offset, after.offset, "");
  if (before) return splice(text, endOf(before), endOf(member), "");
  return splice(text, object.offset, endOf(object), "{}");
}

/** A value over several lines, the first of which is indented already. */
function format(value: unknown, style: Style | undefined, indent: string): string {
  if (!style) return JSON.stringify(value);
  return JSON.stringify(value, null, style.indent).replaceAll("\n", `${style.eol}${indent}`);
}

/** How the line is indented on which something stands. */
function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf("\n", offset - 1) + 1))![0];
}

function endOf({ offset, length }: Node): number {
  return offset + length;
}

function splice(text: string, from: number, to: number, by: string): string {
  return text.slice(0, from) + by + text.slice(to);
}
