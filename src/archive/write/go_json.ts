import { type Bytes, utf8 } from "../../bytes.ts";
import type { ContainerConfig } from "../../spec/config.ts";
import type { JsonObject } from "../../spec/json.ts";

/** JSON as Go writes it: with `<`, `>` and `&` escaped, and a `Map` in the order of its keys. */
export function goJson(value: unknown): Bytes {
  const escaped = format(value)!.replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return utf8(escaped);
}

function format(value: unknown): string | undefined {
  if (Array.isArray(value)) return `[${value.map(format).join()}]`;
  if (value instanceof Map) return formatMembers([...value].sort(([a], [b]) => a < b ? -1 : 1));
  const isStruct = typeof value === "object" && value !== null && Object.getPrototypeOf(value) !== null;
  // Numbers of any size are objects without a prototype.
  return isStruct ? formatMembers(Object.entries(value)) : JSON.stringify(value);
}

function formatMembers(members: [string, unknown][]): string {
  const there = members.filter(([, value]) => value !== undefined);
  return `{${there.map(([key, value]) => `${JSON.stringify(key)}:${format(value)}`).join()}}`;
}

/** A time as Go writes it after having read it: no zeros at the end of the fraction, none at all in its year 1. */
export function goTime(text: string | undefined): string {
  if (text === undefined) return "0001-01-01T00:00:00Z";
  return text.replace(/(\.\d*?)0+(?=Z|[+-])/, "$1").replace(/\.(?=Z|[+-])/, "").replace(/[+-]00:00$/, "Z");
}

/** The fields of a config in the order of Go's struct, empty ones left out. */
const fields = [
  "AttachStderr",
  "AttachStdin",
  "AttachStdout",
  "Cmd",
  "Healthcheck",
  "Domainname",
  "Entrypoint",
  "Env",
  "Hostname",
  "Image",
  "Labels",
  "OnBuild",
  "OpenStdin",
  "StdinOnce",
  "Tty",
  "User",
  "Volumes",
  "WorkingDir",
  "ExposedPorts",
  "ArgsEscaped",
  "NetworkDisabled",
  "MacAddress",
  "StopSignal",
  "Shell",
];
const healthFields = ["Test", "Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"];

/** What to run, in the fields that go-containerregistry knows. */
export function goConfig(config: ContainerConfig): object {
  const known = pick(config as JsonObject, fields);
  for (const name of ["Labels", "Volumes", "ExposedPorts"]) {
    if (known[name]) known[name] = new Map(Object.entries(known[name]));
  }
  if (known["Healthcheck"]) known["Healthcheck"] = pick(known["Healthcheck"] as JsonObject, healthFields);
  return known;
}

function pick(object: JsonObject, names: readonly string[]): JsonObject {
  const present = names.filter((name) => Object.hasOwn(object, name) && !isEmpty(object[name]));
  return Object.fromEntries(present.map((name) => [name, object[name]]));
}

function isEmpty(value: unknown): boolean {
  return !value || (typeof value === "object" && Object.keys(value).length === 0);
}
