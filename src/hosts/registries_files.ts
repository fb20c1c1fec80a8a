import { join } from "node:path";
import { GantryError } from "../errors.ts";
import { type EndpointsProvider, rootOf } from "../http/endpoint.ts";
import { namesIn, readText } from "./files.ts";
import { endpointsBy, parseRegistriesConf, type Rule, ruleFor } from "./registries_conf.ts";

/**
 * Endpoints from a `registries.conf`, and what lies in the directory `registries.conf.d` beside it: a rule there replaces those
 * for the same prefix before it.
 */
export function registriesConf(path: string): EndpointsProvider {
  let reading: Promise<Rule[]> | undefined;
  return async ({ registry, repository }) => {
    const rules = await (reading ??= rulesIn(path));
    const name = repository === undefined ? registry : `${registry}/${repository}`;
    const rule = ruleFor(name, rules);
    if (rule?.blocked) {
      throw new GantryError("denied", `open ${name}: ${rule.path} blocks ${JSON.stringify(rule.prefix)}`);
    }
    return rule && endpointsBy(rule, name, rootOf);
  };
}

async function rulesIn(path: string): Promise<Rule[]> {
  const directory = `${path}.d`;
  const names = (await namesIn(directory)).filter((name) => name.endsWith(".conf"));
  const rules = new Map<string, Rule>();
  for (const file of [path, ...names.map((name) => join(directory, name))]) {
    const text = await readText(file);
    for (const rule of text === undefined ? [] : parseRegistriesConf(text, file)) {
      rules.set(rule.prefix, rule);
    }
  }
  return [...rules.values()];
}
